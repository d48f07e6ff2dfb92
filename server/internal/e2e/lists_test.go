package e2e_test

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// fillQueues makes queues with one ticket each, from the library.
func (n *testNode) fillQueues(count int) {
	n.t.Helper()
	requests := make([]matchq.Request, count)
	for i := range requests {
		requests[i] = matchq.Request{Queue: fmt.Sprintf("quiz-%05d", i), Player: fmt.Sprint(i)}
	}
	for part := range slices.Chunk(requests, 1000) {
		results, err := n.matcher.EnqueueAll(n.t.Context(), part)
		if err != nil {
			n.t.Fatal(err)
		}
		for i, r := range results {
			if r.Err == nil {
				continue
			}
			// The embedded Redis of a busy machine may answer too late.
			n.t.Log(r.Err)
			void, _ := errors.AsType[*matchq.UnknownError](r.Err)
			matchqtest.Eventually(n.t, "the player is queued", func() bool {
				_, err := n.matcher.Enqueue(n.t.Context(), part[i])
				known, queued := errors.AsType[*matchq.DuplicateError](err)
				return err == nil || queued && (void == nil || known.Ticket.ID != void.TicketID) // that one will be void
			})
		}
	}
}

// A client reads all queues page by page.
func TestPagesOfQueues(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	if got := n.want(200, n.call("GET", "/v1/queues", "")); got.raw != `{"queues":[]}` {
		t.Errorf("got %s", got.raw)
	}
	n.fillQueues(2500)
	matchqtest.Eventually(t, "all queues are listed", func() bool { // a list that was read while they were made may lack some
		for _, page := range []struct {
			after, last string
			count       int
		}{{"", "quiz-00999", 1000}, {"quiz-00999", "quiz-01999", 1000}, {"quiz-01999", "quiz-02499", 500}} {
			queues, _ := n.call("GET", "/v1/queues?after="+page.after, "").at("queues").([]any)
			if len(queues) != page.count || queues[page.count-1].(map[string]any)["name"] != page.last {
				return false
			}
		}
		return true
	})
	for _, limit := range []string{"", "999", "1000", "1"} {
		var names []string
		query, most := "?", 1000
		if limit != "" {
			query = "?limit=" + limit + "&"
			most = map[string]int{"999": 999, "1000": 1000, "1": 1}[limit]
		}
		after := ""
		for range 5 {
			got := n.want(200, n.call("GET", "/v1/queues"+query+"after="+after, ""))
			queues, _ := got.at("queues").([]any)
			if len(queues) > most {
				t.Errorf("limit %q: a page has %d queues", limit, len(queues))
			}
			for _, q := range queues {
				names = append(names, q.(map[string]any)["name"].(string))
			}
			if after = got.text("next"); after == "" {
				break
			}
		}
		if limit == "1" {
			names = append(names, "quiz-00005") // it read five pages only
		}
		for i, name := range names {
			if name != fmt.Sprintf("quiz-%05d", i) {
				t.Fatalf("limit %q: queue %d is %s", limit, i, name)
			}
		}
		if limit != "1" && len(names) != 2500 {
			t.Errorf("limit %q: %d queues", limit, len(names))
		}
	}
	if got := n.want(200, n.call("GET", "/v1/queues?after=zzz", "")); got.raw != `{"queues":[]}` {
		t.Errorf("got %s", got.raw)
	}
	for _, bad := range []string{"0", "1001", "all"} {
		n.want(422, n.call("GET", "/v1/queues?limit="+bad, ""))
	}
	s := n.dial()
	s.send(`{"event":"get_connection_status"}`)
	if status, _ := s.expect("connection_status").at("data").(map[string]any); len(status) != 1000 {
		t.Errorf("the status has %d queues", len(status))
	}
}

// Pages and lists are compressed for clients that like it.
func TestCompressedAnswers(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	n.fillQueues(1500)
	for _, path := range []string{
		"/", "/dashboard", "/assets/any/start.css", "/openapi.yaml", "/metrics", "/v1/queues", "/v1/queues?after=quiz-00999",
	} {
		plain := n.want(200, n.call("GET", path, "", "Accept-Encoding", "identity"))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, n.url+path, nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept-Encoding", "gzip")
		answer, err := http.DefaultTransport.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		if answer.Header.Get("Content-Encoding") != "gzip" || answer.ContentLength <= 0 || answer.ContentLength > int64(len(plain.raw))/2 {
			t.Errorf("%s: %d of %d bytes, %v", path, answer.ContentLength, len(plain.raw), answer.Header)
			continue
		}
		unzip, err := gzip.NewReader(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(unzip)
		changes := path == "/metrics" || strings.HasPrefix(path, "/v1/queues") // with the time
		if err != nil || !changes && string(body) != plain.raw || len(body) < len(plain.raw)*9/10 {
			t.Errorf("%s: %d bytes, %v", path, len(body), err)
		}
		if plain.header.Get("Content-Encoding") != "" || !slices.Contains(plain.header.Values("Vary"), "Accept-Encoding") {
			t.Errorf("%s: %v", path, plain.header)
		}
	}
}
