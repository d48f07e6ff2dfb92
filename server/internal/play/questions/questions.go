// Package questions has the sources of quiz questions: built-in sets, a folder of sets, or a REST API.
package questions

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	// MaxLimit is the largest limit of a request.
	MaxLimit = 50

	maxBytes   = 4 << 10 // of a question as JSON, so that MaxLimit of them fit into a room
	maxChoices = 10
)

// Question is a question with its answer.
type Question struct {
	ID      wire.ID  `json:"id"`
	Text    string   `json:"text"`
	Choices []string `json:"choices"`
	Answer  int      `json:"answer"` // index of the right choice
}

// Public is a question without its answer, as players get it.
type Public struct {
	ID      wire.ID  `json:"id"`
	Text    string   `json:"text"`
	Choices []string `json:"choices"`
}

// Public returns the question without its answer.
func (q *Question) Public() Public { return Public{q.ID, q.Text, q.Choices} }

// item is a question from outside.
type item struct {
	ID      wire.ID  `json:"id"`
	Text    string   `json:"text"`
	Choices []string `json:"choices"`
	Answer  *int     `json:"answer"`
}

// list checks questions from outside. The error names the wrong one.
func list(items []item) ([]Question, error) {
	if len(items) == 0 {
		return nil, errors.New("there are no questions")
	}
	questions, seen := make([]Question, len(items)), map[string]bool{}
	for i := range items {
		problem := items[i].problem()
		if problem == "" && seen[items[i].ID.Name] {
			problem = "has the id of another question"
		}
		if problem != "" {
			return nil, fmt.Errorf("question %d (id %q) %s", i+1, items[i].ID.Name, problem)
		}
		seen[items[i].ID.Name] = true
		questions[i] = Question{items[i].ID, items[i].Text, items[i].Choices, *items[i].Answer}
	}
	return questions, nil
}

// problem returns the mistake in a question, "" if there is none.
func (q *item) problem() string {
	if err := matchq.CheckName("id", q.ID.Name); err != nil {
		return strings.TrimPrefix(err.Error(), "matchq: ")
	}
	choices := slices.Clone(q.Choices)
	slices.Sort(choices)
	size, err := json.Marshal(q)
	switch {
	case strings.TrimSpace(q.Text) == "":
		return "has no text"
	case len(choices) < 2 || len(choices) > maxChoices:
		return fmt.Sprintf("must have from 2 to %d choices, not %d", maxChoices, len(choices))
	case strings.TrimSpace(choices[0]) == "":
		return "has an empty choice"
	case len(slices.Compact(choices)) < len(q.Choices):
		return "has a duplicate choice"
	case q.Answer == nil:
		return "has no answer"
	case *q.Answer < 0 || *q.Answer >= len(q.Choices):
		return fmt.Sprintf("has answer %d: it must be the index of the right choice, from 0 to %d", *q.Answer, len(q.Choices)-1)
	case err != nil || len(size) > maxBytes:
		return fmt.Sprintf("is larger than %d bytes", maxBytes)
	default:
		return ""
	}
}

// shuffled orders questions by a seed. The order is the same on every node, at any time.
func shuffled(questions []Question, seed string) []Question {
	type place struct {
		hash [sha256.Size]byte
		at   int
	}
	places := make([]place, len(questions))
	for i := range questions {
		places[i] = place{sha256.Sum256([]byte(seed + "\x00" + questions[i].ID.Name)), i}
	}
	slices.SortFunc(places, func(a, b place) int { return bytes.Compare(a.hash[:], b.hash[:]) })
	order := make([]Question, len(questions))
	for i, p := range places {
		order[i] = questions[p.at]
	}
	return order
}

// errUnknownSet says that there is no such questionnaire.
func errUnknownSet(set string) error {
	return wire.Errorf(wire.CodeNotFound, "unknown questionnaire %q", set)
}
