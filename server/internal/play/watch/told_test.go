package watch_test

import (
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/play/sessions"
	"github.com/matchq/matchq/server/internal/play/watch"
)

// A client that asks learns of an end before this node has its event.
func TestToldNotesEnds(t *testing.T) {
	w := &watch.Watcher{Sessions: &sessions.Registry{}}
	for id, state := range map[string]matchq.State{"waits": matchq.Waiting, "is over": matchq.Matched} {
		w.Told(&matchq.Ticket{ID: id, State: state})
	}
	if got := w.Sessions.Ended(); len(got) != 1 || got[0] != "is over" {
		t.Errorf("ended: %v", got)
	}
}
