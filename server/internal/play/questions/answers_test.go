package questions

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"golang.org/x/time/rate"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// logged is a log that a test reads.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(data []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(data)
}

// take returns the lines logged since the last call.
func (l *logged) take() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	defer l.text.Reset()
	return l.text.String()
}

const oneQuestion = `{"questions":[{"id":1,"text":"?","choices":["a","b"],"answer":1}]}`

// asks returns the code of the error of a request, "" if there are questions.
func asks(t *testing.T, api *API, set string) wire.Code {
	t.Helper()
	if _, err := api.Questions(t.Context(), set, "", 1); err != nil {
		return wire.ErrorOf(err).Code
	}
	return ""
}

// An answer about one questionnaire does not stop the others, is logged once and remembered.
func TestAnswersAboutOneQuestionnaire(t *testing.T) {
	s, api := newService(t)
	s.header = http.Header{}
	api.bad.allowed.SetLimit(rate.Inf) // the limit has a test of its own
	for name, c := range map[string]struct {
		status         int
		body, location string
		logs           string
	}{
		"400":              {status: 400, logs: "the answer is 400 Bad Request"},
		"404":              {status: 404},
		"410":              {status: 410, logs: "410 Gone"},
		"204":              {status: 204, logs: "204 No Content"},
		"empty list":       {status: 200, body: `{"questions":[]}`, logs: "there are no questions"},
		"empty":            {status: 200, logs: "no JSON as expected"},
		"other JSON":       {status: 200, body: `{}`, logs: "there are no questions"},
		"no JSON":          {status: 200, body: "<html>", logs: "no JSON as expected"},
		"wrong type":       {status: 200, body: `{"questions":{}}`, logs: "no JSON as expected"},
		"bad question":     {status: 200, body: strings.Replace(oneQuestion, `"answer":1`, `"answer":2`, 1), logs: "has answer 2"},
		"too long":         {status: 200, body: strings.Repeat(" ", maxAnswer+1), logs: "more than 1048576 bytes"},
		"redirect":         {status: 302, location: "https://elsewhere.example/x", logs: "to https://elsewhere.example/x: redirects are followed"},
		"redirect to text": {status: 307, location: "/%zz", logs: "redirects are followed"},
		"loop":             {status: 308, location: "/loop", logs: "too many redirects"},
		"no location":      {status: 301, logs: "301 Moved Permanently"},
	} {
		s.status, s.body = c.status, c.body
		s.header.Del("Location")
		if c.location != "" {
			s.header.Set("Location", c.location)
		}
		for i := range 2 * apiFailures {
			if got := asks(t, api, fmt.Sprint(name, i)); got != wire.CodeNotFound {
				t.Fatalf("%s: %q", name, got)
			}
		}
		if text := s.log.take(); c.logs == "" && text != "" || !strings.Contains(text, c.logs) {
			t.Errorf("%s: logged %q", name, text)
		}
		before := s.asked.Load()
		if got := asks(t, api, name+"0"); got != wire.CodeNotFound || s.asked.Load() != before {
			t.Errorf("%s: %q is not remembered", name, got)
		}
		s.header.Del("Location")
		s.status, s.body = 200, oneQuestion
		if got := asks(t, api, "good"); got != "" {
			t.Errorf("after %s: %q", name, got)
		}
	}
}

// 408, 425 and 429 are about the moment.
func TestServiceAsksToTryAgain(t *testing.T) {
	s, api := newService(t)
	api.bad.allowed.SetLimit(rate.Inf)
	for _, status := range []int{408, 425, 429} {
		for range 2 * apiFailures {
			s.status = status
			if got := asks(t, api, "good"); got != wire.CodeNoQuestions {
				t.Fatalf("%d: %q", status, got)
			}
			if text := s.log.take(); !strings.Contains(text, fmt.Sprint("the answer is ", status)) {
				t.Errorf("%d: logged %q", status, text)
			}
			s.status, s.body = 200, oneQuestion
			if got := asks(t, api, "good"); got != "" {
				t.Fatalf("after %d: %q", status, got)
			}
		}
	}
}

// A redirect within the host is followed; the other host gets no request.
func TestRedirects(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("the other host was asked") }))
	defer other.Close()
	here := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch {
		case strings.Contains(r.URL.Path, "away"):
			http.Redirect(w, r, other.URL, http.StatusFound)
		case strings.HasPrefix(r.URL.Path, "/questionaires"):
			http.Redirect(w, r, "/moved", http.StatusFound)
		default:
			_, _ = w.Write([]byte(oneQuestion))
		}
	}))
	defer here.Close()
	api, err := newAPI(here.URL, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if got := asks(t, api, "near"); got != "" {
		t.Error(got)
	}
	if got := asks(t, api, "away"); got != wire.CodeNotFound {
		t.Error(got)
	}
}

// Time-outs and broken connections are failures of the service. The log says so once, and again when it answers.
func TestOutageIsLogged(t *testing.T) {
	s, api := newService(t)
	var broken bool
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if broken {
			panic(http.ErrAbortHandler)
		}
		s.ServeHTTP(w, r)
	}))
	defer server.Close()
	api.base, broken = server.URL, true
	for range apiFailures + 2 {
		if got := asks(t, api, "good"); got != wire.CodeNoQuestions {
			t.Fatal(got)
		}
	}
	if text := s.log.take(); strings.Count(text, "\n") != 1 || !strings.Contains(text, "API fails") || !strings.Contains(text, "EOF") {
		t.Errorf("logged %q", text)
	}
}

// Neither the memory nor the log grows with the names that players make up.
func TestManyBadQuestionnaires(t *testing.T) {
	s, api := newService(t)
	s.status = http.StatusBadRequest
	for i := range maxBadSets + 100 {
		if got := asks(t, api, fmt.Sprint(i)); got != wire.CodeNotFound {
			t.Fatal(got)
		}
	}
	lines := strings.Count(s.log.take(), "\n")
	if n := api.bad.until.Len(); n != maxBadSets || lines > logBurst+10 {
		t.Errorf("%d are remembered, %d lines", n, lines)
	}
	api.bad.allowed.SetLimit(rate.Inf)
	s.status, s.body = 200, strings.Replace(oneQuestion, `"choices"`, `"`+strings.Repeat("x", 5000)+`":0,"choices"`, 1)
	s.body = strings.Replace(s.body, `"id":1`, `"id":"`+strings.Repeat("y", 5000)+`"`, 1)
	asks(t, api, "long")
	if text := s.log.take(); !strings.Contains(text, "omitted_lines=") || len(text) > 1000 {
		t.Errorf("logged %d bytes: %.300s", len(text), text)
	}
}
