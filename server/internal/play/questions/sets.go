package questions

import (
	"bytes"
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

//go:embed sets/*.json
var embedded embed.FS

// maxFile is the size limit of a file.
const maxFile = 8 << 20

// Set is a questionnaire in memory.
type Set struct {
	Title     string // for people
	Questions []Question
}

// Sets are questionnaires, by name.
type Sets map[string]Set

// file is the content of a set's file.
type file struct {
	Name      string `json:"name"`  // of the questionnaire; the file's name without .json unless set
	Title     string `json:"title"` // for people; the questionnaire's name unless set
	Questions []item `json:"questions"`
}

// Embedded returns the built-in sets.
func Embedded() (Sets, error) {
	sets, err := fs.Sub(embedded, "sets")
	if err != nil {
		return nil, err
	}
	return read(sets)
}

// Folder reads every .json file of a folder. The error names file and line.
func Folder(folder string) (Sets, error) {
	sets, err := read(os.DirFS(folder))
	if err != nil {
		return nil, fmt.Errorf("questions in %s: %w", folder, err)
	}
	return sets, nil
}

func read(folder fs.FS) (Sets, error) {
	entries, err := fs.ReadDir(folder, ".")
	if err != nil {
		return nil, err
	}
	sets, from := Sets{}, map[string]string{}
	for _, entry := range entries {
		if entry.IsDir() || path.Ext(entry.Name()) != ".json" {
			continue
		}
		name, set, err := readFile(folder, entry.Name())
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry.Name(), err)
		}
		if from[name] != "" {
			return nil, fmt.Errorf("%s: the questionnaire %q is in %s already", entry.Name(), name, from[name])
		}
		sets[name], from[name] = set, entry.Name()
	}
	if len(sets) == 0 {
		return nil, errors.New("no .json file: put each questionnaire there as <questionnaire>.json")
	}
	return sets, nil
}

func readFile(folder fs.FS, name string) (string, Set, error) {
	opened, err := folder.Open(name)
	if err != nil {
		return "", Set{}, err
	}
	defer func() { _ = opened.Close() }()
	data, err := io.ReadAll(io.LimitReader(opened, maxFile+1))
	if err != nil {
		return "", Set{}, err
	}
	if len(data) > maxFile {
		return "", Set{}, fmt.Errorf("is larger than %d bytes", maxFile)
	}
	var set file
	if err := decode(data, &set); err != nil {
		return "", Set{}, err
	}
	if set.Name == "" {
		set.Name = strings.TrimSuffix(name, ".json")
	}
	if err := matchq.CheckName("name", set.Name); err != nil {
		return "", Set{}, err
	}
	if set.Title = strings.TrimSpace(set.Title); set.Title == "" {
		set.Title = set.Name
	}
	questions, err := list(set.Questions)
	return set.Name, Set{set.Title, questions}, err
}

// decode reads a file. The error names the line.
func decode(data []byte, into *file) error {
	err := wire.DecodeStrict(data, into)
	if wrong, ok := errors.AsType[*wire.JSONError](err); ok {
		return fmt.Errorf("line %d: %w", 1+bytes.Count(data[:wrong.Offset], []byte("\n")), err)
	}
	return err
}

// preview is the number of questions that come with a match.
const preview = 5

// Questions returns the first n questions in the seed's order, or all if there are fewer.
func (s Sets) Questions(_ context.Context, set, seed string, n int) ([]Question, error) {
	found, ok := s[set]
	if !ok {
		return nil, errUnknownSet(set)
	}
	order := shuffled(found.Questions, seed)
	return order[:min(n, len(order))], nil
}

// Preview is the number of questions that come with a match, at most half of a set. Paced games leave them out.
func (s Sets) Preview(set string) int { return min(preview, len(s[set].Questions)/2) }

// List returns all sets by title.
func (s Sets) List() []SetInfo {
	list := make([]SetInfo, 0, len(s))
	for name, set := range s {
		list = append(list, SetInfo{name, set.Title, len(set.Questions)})
	}
	slices.SortFunc(list, func(a, b SetInfo) int { return cmp.Or(cmp.Compare(a.Title, b.Title), cmp.Compare(a.Name, b.Name)) })
	return list
}
