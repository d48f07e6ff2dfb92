package quiz

import (
	"encoding/json"
	"testing"

	"github.com/matchq/matchq/server/internal/play/questions"
)

func FuzzChoice(f *testing.F) {
	for _, seed := range []string{`0`, `1`, `2`, `-1`, `1.0`, `1e0`, `"yes"`, `"YES"`, `"0"`, `null`, `[]`, ``, `9223372036854775808`, `"\u0079es"`} {
		f.Add([]byte(seed))
	}
	q := &questions.Question{Text: "?", Choices: []string{"yes", "no"}}
	f.Fuzz(func(t *testing.T, answer []byte) {
		choice, err := parseChoice(q, answer)
		if err != nil {
			return
		}
		var index int
		var text string
		if json.Unmarshal(answer, &index) == nil && index == choice || json.Unmarshal(answer, &text) == nil && text == q.Choices[choice] {
			return
		}
		t.Errorf("%q is choice %d", answer, choice)
	})
}
