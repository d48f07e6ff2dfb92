package questions

import (
	"context"
	"strings"
)

// Source is one of Sets and *API.
type Source interface {
	// Questions returns up to n questions of a questionnaire. Of a local one they are the first of the order that
	// belongs to the seed. Errors are a *wire.Error.
	Questions(ctx context.Context, set, seed string, n int) ([]Question, error)
	// Preview is how many of them are sent along with a match; 0 if the questionnaire is not a local one.
	Preview(set string) int
	// List names the questionnaires that are known before somebody asks for one: those of a service are not.
	List() []SetInfo
}

// SetInfo is a questionnaire as those see it who choose one.
type SetInfo struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Questions int    `json:"questions"` // how many there are
}

// New makes the source that a flag names: nothing for the embedded sets, the URL of an API, or a folder.
func New(where string) (Source, error) {
	switch {
	case where == "":
		return Embedded()
	case strings.HasPrefix(where, "http://"), strings.HasPrefix(where, "https://"):
		return NewAPI(where)
	default:
		return Folder(where)
	}
}

// PreviewOf are the questions that are sent along with a match to its players.
func PreviewOf(ctx context.Context, source Source, set, seed string) []Public {
	n := source.Preview(set)
	if n == 0 {
		return nil
	}
	found, err := source.Questions(ctx, set, seed, n)
	if err != nil {
		return nil // it has a preview, and so is a local one
	}
	asked := make([]Public, len(found))
	for i := range found {
		asked[i] = found[i].Public()
	}
	return asked
}
