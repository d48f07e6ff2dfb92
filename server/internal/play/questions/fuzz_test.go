package questions

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/matchq/matchq/matchq"
)

var someFiles = []string{
	`{"name":"a","title":"A","questions":[{"id":1,"text":"?","choices":["a","b"],"answer":1}]}`, `{"questions":[]}`, `{"questions":null}`, `{"questions":[null]}`,
	`{"questions":[{"id":"x","text":"?","choices":["a","a"],"answer":0}]}`, `{"questions":[{"id":"x","text":"?","choices":[null,"a"],"answer":0}]}`,
	`{"questions":[{"id":"x","text":"?","choices":["a","b"],"answer":-1}]}`, "{\n\"Questions\":1}", "{\"questions\":[\n,]}", `{"questions":[{"id":"\ud800"}]}`,
}

// isGood reports whether questions can be played.
func isGood(list []Question) bool {
	seen := map[string]bool{}
	for i := range list {
		q := &list[i]
		texts := q.ID.Name + q.Text + strings.Join(q.Choices, "")
		if matchq.CheckName("id", q.ID.Name) != nil || seen[q.ID.Name] || !utf8.ValidString(texts) ||
			len(q.Choices) < 2 || len(q.Choices) > maxChoices || q.Answer < 0 || q.Answer >= len(q.Choices) {
			return false
		}
		seen[q.ID.Name] = true
	}
	return len(list) > 0
}

func FuzzFile(f *testing.F) {
	for _, seed := range someFiles {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		var set file
		err := decode(data, &set)
		if err != nil {
			if !strings.HasPrefix(err.Error(), "line ") || len(err.Error()) > 400 {
				t.Errorf("%q: %v", data, err)
			}
			return
		}
		if questions, err := list(set.Questions); err == nil && !isGood(questions) {
			t.Errorf("%q: %+v", data, questions)
		}
	})
}

// FuzzAnswer reads answers of a questions' API.
func FuzzAnswer(f *testing.F) {
	for _, seed := range someFiles {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if questions, err := decodeAnswer(data); err == nil && !isGood(questions) {
			t.Errorf("%q: %+v", data, questions)
		}
	})
}
