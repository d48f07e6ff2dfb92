package matchq_test

import (
	"context"
	"errors"
	"net"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// Redis refuses connections: the enqueue was not sent, and its ticket is not void.
func TestRefusedConnectionsQueueNobody(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	m := newMatcher(t, env, matchq.Config{})
	enqueue(t, m, "history", "warm")
	env.Server.Kill()
	for range 2 {
		_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice"})
		checkNothingSent(t, err)
		if err == nil || !strings.Contains(err.Error(), "nothing was queued") {
			t.Errorf("got %v", err)
		}
	}
	env.Server.Restart()
	fresh := *env
	fresh.Client = env.Server.Client(t) // whose driver remembers no outage
	m = newMatcher(t, &fresh, matchq.Config{})
	enqueue(t, m, "history", "alice")
	if a := checkAudit(t, m); a.Enqueued != 1 {
		t.Errorf("%d were enqueued: a ticket that was never sent was voided", a.Enqueued)
	}
}

// A reply is lost, and the driver's repetition finds nobody listening: the ticket may have been queued.
func TestRefusedRepetitionsAreUnknown(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	proxy := testkit.NewProxy(t, env.Server.Addr)
	addr := proxy.Client(t).Options().Addr
	var down atomic.Bool
	through := *env
	client := redis.NewClient(&redis.Options{ContextTimeoutEnabled: true, Dialer: func(context.Context, string, string) (net.Conn, error) {
		if down.Load() {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		return net.Dial("tcp", addr)
	}})
	t.Cleanup(func() { _ = client.Close() })
	through.Client = client
	m, calm := newMatcher(t, &through, matchq.Config{}), newMatcher(t, env, matchq.Config{})
	enqueue(t, m, "history", "warm")

	before := position(t, calm)
	proxy.LoseReplies(testkit.HashOf(t, "match/enqueue"), 1)
	down.Store(true)
	_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice"})
	var unknown *matchq.UnknownError
	if !errors.As(err, &unknown) {
		t.Fatalf("got %v", err)
	}
	if got, err := calm.Ticket(t.Context(), unknown.TicketID); err != nil || got.State != matchq.Waiting {
		t.Errorf("it was queued: %+v, %v", got, err)
	}
	down.Store(false)
	if got := take(t, calm, before, 1)[0].Ticket; got.ID != unknown.TicketID || got.Reason != matchq.ReasonVoid {
		t.Errorf("ended: %+v", got)
	}
	checkAudit(t, calm)
}
