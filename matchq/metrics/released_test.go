package metrics

import (
	"testing"

	"github.com/matchq/matchq/matchq"
)

// The new tickets of a released match are enqueued tickets; its old ones ended once, when it was made.
func TestSuccessorsAreCounted(t *testing.T) {
	m := newCollector(t.Context(), nil, Options{})
	match := &matchq.Match{Queue: "a", Tickets: []matchq.Ticket{{Queue: "a", Successor: "x"}, {Queue: "a"}}}
	m.Observe([]matchq.Event{
		{Kind: matchq.Matched, Match: match}, {Kind: matchq.Assigned, Match: match}, {Kind: matchq.Released, Match: match},
	})
	if got := m.queues.all()["a"]; got.enqueued != 1 || got.matches != 1 || got.finished != [3]int64{2} {
		t.Errorf("%+v", got)
	}
}
