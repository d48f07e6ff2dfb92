package questions

import (
	"context"
	"log/slog"
	"strings"
)

// Source is one of Sets and *API.
type Source interface {
	// Questions returns up to n questions of a questionnaire. Those of a local one are the first in the seed's order.
	// Errors are *wire.Error.
	Questions(ctx context.Context, set, seed string, n int) ([]Question, error)
	// Preview is the number of questions that come with a match; 0 for a REST API.
	Preview(set string) int
	// List returns the known questionnaires; none of a REST API.
	List() []SetInfo
}

// SetInfo describes a questionnaire to players.
type SetInfo struct {
	Name      string `json:"name"`
	Title     string `json:"title"`
	Questions int    `json:"questions"` // their number
}

// New makes the source of --questions: the built-in sets for "", a REST API for a URL, else a folder. The API logs
// faults of its answers.
func New(where string, log *slog.Logger) (Source, error) {
	switch {
	case where == "":
		return Embedded()
	case strings.HasPrefix(where, "http://"), strings.HasPrefix(where, "https://"):
		return newAPI(where, log)
	default:
		return Folder(where)
	}
}

// PreviewOf returns the questions that come with a match.
func PreviewOf(ctx context.Context, source Source, set, seed string) []Public {
	n := source.Preview(set)
	if n == 0 {
		return nil
	}
	found, err := source.Questions(ctx, set, seed, n)
	if err != nil {
		return nil // a set with a preview is local and can't fail
	}
	asked := make([]Public, len(found))
	for i := range found {
		asked[i] = found[i].Public()
	}
	return asked
}
