package e2e_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// stream is a client of server-sent events.
type stream struct {
	t      *testing.T
	answer *http.Response
	events chan sentEvent // closed at the end
}

type sentEvent struct {
	id, name string
	data     object
}

// follow opens a stream; headers are names and values in turn.
func (n *testNode) follow(path string, headers ...string) *stream {
	n.t.Helper()
	r, err := http.NewRequestWithContext(n.t.Context(), http.MethodGet, n.url+path, nil)
	if err != nil {
		n.t.Fatal(err)
	}
	for i := 0; i+1 < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	answer, err := n.client().Do(r)
	if err != nil {
		n.t.Fatal(err)
	}
	s := &stream{t: n.t, answer: answer, events: make(chan sentEvent, 10)}
	n.t.Cleanup(func() { _ = answer.Body.Close() })
	go s.read()
	return s
}

func (s *stream) read() {
	defer close(s.events)
	var ev sentEvent
	for lines := bufio.NewScanner(s.answer.Body); lines.Scan(); {
		field, value, _ := strings.Cut(lines.Text(), ": ")
		switch field {
		case "id":
			ev.id = value
		case "event":
			ev.name = value
		case "data":
			if err := json.Unmarshal([]byte(value), &ev.data); err != nil {
				s.t.Errorf("the server sent %q", value)
			}
		case "":
			if lines.Text() == "" && ev.name != "" {
				s.events <- ev
				ev = sentEvent{}
			}
		}
	}
}

// state returns the next event, which must be of this state.
func (s *stream) state(state string) sentEvent {
	s.t.Helper()
	select {
	case ev, ok := <-s.events:
		if !ok || ev.name != "state" || ev.data.text("state") != state {
			s.t.Fatalf("got %+v, want the state %s", ev, state)
		}
		return ev
	case <-time.After(patience):
		s.t.Fatalf("no event, want the state %s", state)
	}
	return sentEvent{}
}

func (s *stream) end() {
	s.t.Helper()
	select {
	case ev, ok := <-s.events:
		if ok {
			s.t.Fatalf("got %+v, want the end", ev)
		}
	case <-time.After(patience):
		s.t.Fatal("the stream does not end")
	}
}

func TestTicketEvents(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, "--interval", "1h")
		id := n.post("q", `"alice"`).text("id")
		path := "/v1/tickets/" + id + "/events"
		first := n.follow(path)
		if kind := first.answer.Header.Get("Content-Type"); kind != "text/event-stream" {
			t.Errorf("Content-Type is %s", kind)
		}
		snapshot := first.state("waiting")
		again := n.follow(path, "Last-Event-ID", snapshot.id)
		n.want(204, n.call("DELETE", "/v1/tickets/"+id, ""))
		last := first.state("cancelled")
		first.end()
		if ev := again.state("cancelled"); ev.id != last.id || ev.id == snapshot.id { // events it had are not repeated
			t.Errorf("got %+v", ev)
		}
		again.end()
		n.want(204, n.call("GET", path, "", "Last-Event-ID", last.id))
		late := n.follow(path)
		late.state("cancelled")
		late.end()
		n.want(422, n.call("GET", path, "", "Last-Event-ID", "x"))
		n.want(404, n.call("GET", "/v1/tickets/nobodys/events", ""))
	})
}

func TestTicketEventsTellTheMatch(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	s := n.follow("/v1/tickets/" + n.post("q", `17`).text("id") + "/events")
	s.state("waiting")
	n.post("q", `"bob"`)
	if _, err := n.matcher.Tick(t.Context(), "q"); err != nil {
		t.Fatal(err)
	}
	if ev := s.state("matched"); ev.data.at("match.players.0.player") != 17.0 || ev.data.text("match.players.1.player") != "bob" {
		t.Errorf("got %+v", ev)
	}
	s.end()
}

func TestTicketEventsTellOfTheReadyCheck(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--ready-timeout", "1h")
	alice, bob := n.post("q", `"alice"`).text("id"), n.post("q", `"bob"`).text("id")
	n.want(200, n.call("GET", "/v1/tickets/"+bob+"?wait=25s&since=1", ""))
	s := n.follow("/v1/tickets/" + alice + "/events")
	asked := s.state("proposed")
	n.want(204, n.call("DELETE", "/v1/tickets/"+bob, "")) // declines
	again := s.state("waiting")
	if again.id <= asked.id || again.data.at("enqueued_at") != asked.data.at("enqueued_at") {
		t.Errorf("got %+v and %+v", asked, again)
	}
	n.want(204, n.call("DELETE", "/v1/tickets/"+alice, ""))
	s.state("cancelled")
	s.end()
}

func TestTicketEventsEndWhenTheServerStops(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	s := n.follow("/v1/tickets/" + n.post("q", `"alice"`).text("id") + "/events")
	s.state("waiting")
	n.stop()
	s.end()
}
