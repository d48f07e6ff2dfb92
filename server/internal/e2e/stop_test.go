package e2e_test

import (
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

func TestStopTellsEverybody(t *testing.T) {
	// Not parallel: it looks for goroutines that were left.
	env := matchqtest.Real(t)
	n := start(t, env, "--interval", "1h")
	var sockets []*socket
	for range 20 {
		sockets = append(sockets, n.dial())
	}
	away := n.dial()
	awayID := away.create(`"other"`, `"away"`)
	id := sockets[0].create(`"q"`, `"alice"`)
	polled := n.calling("GET", "/v1/tickets/"+id+"?wait=55s")
	matchqtest.Eventually(t, "the long poll waits", longPollWaits)

	n.stop()

	for _, s := range sockets {
		s.expectClose(sessions.CloseGoingAway)
	}
	if got := <-polled; got.status != 200 || got.text("state") != "waiting" {
		t.Errorf("the long poll got %d %s", got.status, got.raw)
	}
	for _, id := range []string{id, awayID} { // their players may reconnect to another node
		if got, err := n.matcher.Ticket(t.Context(), id); err != nil || got.State != matchq.Waiting {
			t.Errorf("the ticket is %+v, %v", got, err)
		}
	}
	matchqtest.Eventually(t, "no goroutine of the server is left", func() bool {
		return !regexp.MustCompile(`matchq/server/internal/(app|door|play|ops)[/.]|melody`).MatchString(stacks())
	})
	other := start(t, env, "--interval", "1h")
	again := other.dial()
	again.send(`{"event":"connection_queue","data":{"userId":"alice"}}`)
	if f := again.status("PUSHED_TO_QUEUE"); f.text("data.ticketId") != id {
		t.Errorf("got %v", f)
	}
}

// longPollWaits reports whether a long poll has read its ticket and waits.
func longPollWaits() bool { return waitsIn("http.(*API).getTicket") }

// waitsIn reports whether a request waits in a function of a door.
func waitsIn(call string) bool {
	for stack := range strings.SplitSeq(stacks(), "\n\n") {
		if head, calls, _ := strings.Cut(stack, "\n"); strings.Contains(head, "[select") && strings.HasPrefix(calls, "github.com/matchq/matchq/server/internal/door/"+call) {
			return true
		}
	}
	return false
}

// stacks returns the stacks of all other goroutines.
func stacks() string {
	buffer := make([]byte, 8<<20)
	buffer = buffer[:runtime.Stack(buffer, true)]
	_, others, _ := strings.Cut(string(buffer), "\n\n")
	return others
}
