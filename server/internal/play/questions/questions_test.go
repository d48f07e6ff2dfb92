package questions

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/matchq/matchq/server/internal/base/wire"
)

func TestEmbeddedSets(t *testing.T) {
	sets, err := Embedded()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"history", "science", "geography", "music", "korea"} {
		if len(sets[name].Questions) < 40 {
			t.Errorf("%s has %d questions", name, len(sets[name].Questions))
		}
		texts := map[string]bool{}
		for _, q := range sets[name].Questions {
			if texts[q.Text] || len(q.Choices) != 4 {
				t.Errorf("%s: %q is a duplicate or has %d choices", name, q.Text, len(q.Choices))
			}
			texts[q.Text] = true
		}
	}
}

func names(questions []Question) (names []string) {
	for _, q := range questions {
		names = append(names, q.ID.Name)
	}
	return names
}

func TestOrderBelongsToTheSeed(t *testing.T) {
	sets, err := New("", slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ask := func(seed string, n int) []string {
		got, err := sets.Questions(t.Context(), "history", seed, n)
		if err != nil {
			t.Fatal(err)
		}
		return names(got)
	}
	all := ask("room-1", 1000)
	if again := ask("room-1", 10); !slices.Equal(again, all[:10]) {
		t.Errorf("%v is no start of %v", again, all)
	}
	if slices.Equal(ask("room-2", 10), all[:10]) {
		t.Error("two rooms have the same questions")
	}
	// The order must never change, since nodes of two versions may run together.
	if first := all[:3]; !slices.Equal(first, []string{"history-33", "history-16", "history-17"}) {
		t.Errorf("the order has changed: %v", first)
	}
	slices.Sort(all)
	if len(slices.Compact(all)) != 44 {
		t.Errorf("%d different questions", len(all))
	}
	if sets.Preview("history") != 5 || sets.Preview("unheard") != 0 {
		t.Error("previews")
	}
	if _, err := sets.Questions(t.Context(), "unheard", "", 1); wire.ErrorOf(err).Code != wire.CodeNotFound {
		t.Error(err)
	}
}

func TestFolder(t *testing.T) {
	const good = `{"id":1,"text":"?","choices":["a","b"],"answer":1}`
	for content, want := range map[string]string{
		`{"title":"Mine","questions":[` + good + `]}`:                                                           "",
		`{"questions":[]}`:                                                                                      "s.json: there are no questions",
		"{\"questions\":[\n\n" + good + ",]}":                                                                   "s.json: line 3:",
		"{\n\"answers\":[]}":                                                                                    `s.json: line 2: unknown key "answers"`,
		`{"questions":[` + good + `]} {}`:                                                                       "s.json: line 1: trailing data",
		`{"questions":[` + good + `,` + good + `]}`:                                                             `question 2 (id "1") has the id of another question`,
		`{"questions":[{"text":"?","choices":["a","b"],"answer":1}]}`:                                           `question 1 (id "") id must not be empty`,
		`{"questions":[{"id":"x","choices":["a","b"],"answer":1}]}`:                                             `question 1 (id "x") has no text`,
		`{"questions":[{"id":"x","text":"?","choices":["a"],"answer":0}]}`:                                      "must have from 2 to 10 choices, not 1",
		`{"questions":[{"id":"x","text":"?","choices":["a","b"]}]}`:                                             "has no answer",
		`{"questions":[{"id":1,"text":"?","choices":["a","b"],"answer":2}]}`:                                    "has answer 2: it must be the index of the right choice, from 0 to 1",
		`{"questions":[{"id":1,"text":"?","choices":["a","a"],"answer":1}]}`:                                    "has a duplicate choice",
		`{"questions":[{"id":1,"text":"?","choices":["a"," "],"answer":1}]}`:                                    "has an empty choice",
		`{"questions":[{"id":1,"text":"` + strings.Repeat("long", 1024) + `","choices":["a","b"],"answer":1}]}`: "is larger than",
		`{"name":"a\u0000","questions":[` + good + `]}`:                                                         "name must",
	} {
		folder := t.TempDir()
		if err := os.WriteFile(filepath.Join(folder, "s.json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		sets, err := Folder(folder)
		switch {
		case want == "" && (err != nil || len(sets["s"].Questions) != 1):
			t.Errorf("%s: %v, %v", content, sets, err)
		case want != "" && (err == nil || !strings.Contains(err.Error(), want)):
			t.Errorf("%.100s: error %v, want %s", content, err, want)
		}
	}
	if _, err := New(t.TempDir(), nil); err == nil || !strings.Contains(err.Error(), "no .json file") {
		t.Error(err)
	}
	if _, err := New(filepath.Join(t.TempDir(), "missing"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
}

func TestTwoFilesOfOneName(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a", "b"} {
		content := `{"name":"x:y","questions":[{"id":1,"text":"?","choices":["a","b"],"answer":1}]}`
		if err := os.WriteFile(filepath.Join(folder, name+".json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := Folder(folder); err == nil || !strings.Contains(err.Error(), `b.json: the questionnaire "x:y" is in a.json already`) {
		t.Error(err)
	}
}

func TestList(t *testing.T) {
	folder := t.TempDir()
	for name, head := range map[string]string{"z": `"title":" Animals "`, "b": `"name":"x:y"`, "a": `"title":"Plants"`} {
		content := `{` + head + `,"questions":[{"id":1,"text":"?","choices":["a","b"],"answer":1}]}`
		if err := os.WriteFile(filepath.Join(folder, name+".json"), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	sets, err := Folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	want := []SetInfo{{"z", "Animals", 1}, {"a", "Plants", 1}, {"x:y", "x:y", 1}}
	if got := sets.List(); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if _, api := newService(t); len(api.List()) != 0 {
		t.Errorf("got %v", api.List())
	}
}

// service is a REST API whose answers a test sets.
type service struct {
	status int
	body   string
	asked  atomic.Int64
	url    string
	header http.Header // of the answer
	log    logged      // by the API
}

func (s *service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.asked.Add(1)
	s.url = r.URL.String()
	maps.Copy(w.Header(), s.header)
	w.WriteHeader(s.status)
	_, _ = w.Write([]byte(s.body))
}

func newService(t *testing.T) (*service, *API) {
	t.Helper()
	s := &service{}
	server := httptest.NewServer(s)
	t.Cleanup(server.Close)
	source, err := New(server.URL+"/old/", slog.New(slog.NewTextHandler(&s.log, nil)))
	if err != nil {
		t.Fatal(err)
	}
	return s, source.(*API)
}

func TestAPI(t *testing.T) {
	s, api := newService(t)
	three := make([]Question, 3)
	for i := range three {
		three[i] = Question{Text: "?", Choices: []string{"a", "b"}, Answer: i % 2}
		three[i].ID.Name = string(rune('x' + i))
	}
	body, err := json.Marshal(map[string]any{"questions": three, "more": "than we know"})
	if err != nil {
		t.Fatal(err)
	}
	s.status, s.body = http.StatusOK, string(body)
	got, err := api.Questions(t.Context(), "quiz:a/b", "", 2)
	if err != nil || !slices.Equal(names(got), []string{"x", "y"}) || got[1].Answer != 1 {
		t.Errorf("%v, %v", got, err)
	}
	if s.url != "/old/questionaires/quiz:a%2Fb/questions?limit=2" {
		t.Error(s.url)
	}
	if api.Preview("x") != 0 {
		t.Error("a preview of an unknown questionnaire")
	}
}

func TestCircuit(t *testing.T) {
	s, api := newService(t)
	ask := func() *wire.Error {
		_, err := api.Questions(t.Context(), "x", "", 1)
		return wire.ErrorOf(err)
	}
	s.status = http.StatusNotFound
	for range 2 * apiFailures { // a response is no failure
		api.bad.until.Purge()
		if f := ask(); f.Code != wire.CodeNotFound {
			t.Fatal(f)
		}
	}
	api.bad.until.Purge()
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for range 2 * apiFailures { // nor is a caller that cancels
		_, _ = api.Questions(gone, "x", "", 1)
	}
	before := s.asked.Load()
	for _, status := range []int{http.StatusInternalServerError, http.StatusServiceUnavailable, 599} {
		s.status = status
		if f := ask(); f.Code != wire.CodeNoQuestions || f.RetryAfter == 0 || strings.Contains(f.Message, "http") {
			t.Errorf("%v, retry after %v", f, f.RetryAfter)
		}
	}
	f := ask()
	if f.Code != wire.CodeNoQuestions || f.RetryAfter != apiPause || s.asked.Load() != before+apiFailures {
		t.Errorf("%v, retry after %v, asked %d times", f, f.RetryAfter, s.asked.Load()-before)
	}
}

func TestBadAPIs(t *testing.T) {
	for _, base := range []string{"http://", "https://a?b=c", "http://a#b", "http://a b"} {
		if _, err := New(base, nil); err == nil {
			t.Errorf("%s is taken", base)
		}
	}
}
