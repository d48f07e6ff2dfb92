package matchq_test

// The guarantees of the library, with the numbers of README. 4 (each window once, nodes that die) is in nodes_test.go,
// 5 (repeats) in fault_test.go and property_test.go.

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestGuarantee1OneLiveTicketAPlayer(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		// Two matchers stand for two processes: each sends its own calls.
		nodes := []*matchq.Matcher{newMatcher(t, env, matchq.Config{}), newMatcher(t, env, matchq.Config{})}
		type result struct {
			ticket matchq.Ticket
			err    error
		}
		results := make([]result, 200)
		var all sync.WaitGroup
		for i := range results {
			all.Go(func() {
				queue := fmt.Sprintf("quiz-%d", i%3)
				results[i].ticket, results[i].err = nodes[i%2].Enqueue(t.Context(), matchq.Request{Queue: queue, Player: "alice"})
			})
		}
		all.Wait()
		live, err := nodes[0].TicketOf(t.Context(), "alice")
		if err != nil || live.State != matchq.Waiting {
			t.Fatalf("alice's ticket: %+v, %v", live, err)
		}
		made := 0
		for _, r := range results {
			var duplicate *matchq.DuplicateError
			switch {
			case r.err == nil && r.ticket.ID == live.ID:
				made++
			case !errors.As(r.err, &duplicate) || duplicate.Ticket.ID != live.ID || duplicate.Ticket.Queue != live.Queue:
				t.Errorf("ticket %q, error %v; the live one is %s in %s", r.ticket.ID, r.err, live.ID, live.Queue)
			}
		}
		if made != 1 {
			t.Errorf("%d tickets were made of 200 racing requests, not 1", made)
		}
		if audit := checkAudit(t, nodes[0]); audit.Enqueued != 1 {
			t.Errorf("enqueued: %d", audit.Enqueued)
		}
	})
}

func TestGuarantee2EachTicketEndsOnce(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		cfg := matchq.Config{Interval: 10 * time.Millisecond, Limit: 32, Size: 3, TTL: 50 * time.Millisecond}
		ctx, stop := context.WithCancel(t.Context())
		var running, playing sync.WaitGroup
		m := newMatcher(t, env, cfg)
		for _, node := range []*matchq.Matcher{m, newMatcher(t, env, cfg)} {
			running.Go(func() {
				if err := node.Run(ctx); err != nil {
					t.Error(err)
				}
			})
		}
		// Players join and cancel while two nodes tick.
		for worker := range 8 {
			playing.Go(func() {
				for i := range 60 {
					r := matchq.Request{Queue: fmt.Sprintf("quiz-%d", rand.IntN(4)), Player: fmt.Sprintf("player-%d-%d", worker, i)}
					ticket, err := m.Enqueue(t.Context(), r)
					if err != nil {
						t.Error(err)
						return
					}
					var matched *matchq.MatchedError
					if i%3 == 0 {
						err = m.Cancel(t.Context(), ticket.ID, "")
						if err != nil && !errors.As(err, &matched) && !errors.Is(err, matchq.ErrExpired) {
							t.Errorf("cancel: %v", err)
						}
					}
				}
			})
		}
		playing.Wait()
		ends := collectEnds(t, m, 8*60)
		stop()
		running.Wait()
		audit := checkAudit(t, m)
		if audit.Enqueued != 8*60 || audit.Waiting != 0 || int(audit.Matched) != ends[matchq.Matched] ||
			int(audit.Cancelled) != ends[matchq.Cancelled] || int(audit.Expired) != ends[matchq.Expired] {
			t.Errorf("events: %v, audit: %+v", ends, audit)
		}
	})
}

// collectEnds watches until so many tickets have ended and returns their outcomes; no ticket may end twice, and no
// player may meet themself.
func collectEnds(t *testing.T, m *matchq.Matcher, tickets int) map[matchq.State]int {
	t.Helper()
	ended, ends := map[string]bool{}, map[matchq.State]int{}
	for event, err := range watch(t, m, matchq.FromOldest) {
		if err != nil {
			t.Fatal(err)
		}
		players := map[string]bool{}
		for _, ticket := range event.Tickets() {
			if ended[ticket.ID] || players[ticket.Player] {
				t.Fatalf("ticket %s ended twice, or %s met themself", ticket.ID, ticket.Player)
			}
			ended[ticket.ID], players[ticket.Player] = true, true
			ends[event.Kind]++
		}
		if len(ended) == tickets {
			return ends
		}
	}
	return nil
}

func TestGuarantee3CapacityIsTheSumOfWholeMatches(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		for size := 2; size <= 16; size++ {
			env.Namespace += "x"
			m := newMatcher(t, env, matchq.Config{Size: size, Limit: 32})
			waiting := enqueueMany(t, m, "history", rand.IntN(200))
			report, err := m.Tick(t.Context(), "history")
			if err != nil || report.Matches != len(waiting)/size || report.Left != len(waiting)%size {
				t.Fatalf("size %d, %d waited: %+v, %v", size, len(waiting), report, err)
			}
			// The leftover ticket is ahead of newcomers.
			left := waiting[len(waiting)-report.Left:]
			newcomers := enqueueMany(t, m, "history", size)
			if report, err = m.Tick(t.Context(), "history"); err != nil || report.Matches != 1 {
				t.Fatalf("size %d: second tick: %+v, %v", size, report, err)
			}
			for i, ticket := range append(left, newcomers...) {
				got, err := m.Ticket(t.Context(), ticket.ID)
				if err != nil || (got.State == matchq.Matched) != (i < size) {
					t.Errorf("size %d: ticket %d in line is %s, %v", size, i, got.State, err)
				}
			}
			checkAudit(t, m)
		}
	})
}

// enqueueMany queues n new players and returns their tickets in order.
func enqueueMany(t testing.TB, m *matchq.Matcher, queue string, n int) []matchq.Ticket {
	t.Helper()
	requests := make([]matchq.Request, n)
	for i := range requests {
		requests[i] = matchq.Request{Queue: queue, Player: fmt.Sprintf("player-%d", rand.Uint64())}
	}
	results, err := m.EnqueueAll(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	tickets := make([]matchq.Ticket, n)
	for i, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
		tickets[i] = r.Ticket
	}
	return tickets
}

func TestGuarantee6CallsAreBoundedAndFew(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		var most struct {
			sync.Mutex
			tickets int
		}
		m := newMatcher(t, env, matchq.Config{Limit: 32, Backlog: 300, Hooks: matchq.Hooks{Ticked: func(r matchq.TickReport) {
			most.Lock()
			defer most.Unlock()
			most.tickets = max(most.tickets, 2*r.Matches+r.Expired)
		}}})
		enqueue(t, m, "q", "first") // reads the rules
		hook := &flightHook{}
		env.Client.AddHook(hook)
		queued := fillBacklog(t, env, m)()
		if hook.most > 2 || hook.calls < 300/32 || hook.calls > 100 {
			t.Errorf("%d racing requests took %d calls, up to %d at a time", queued, hook.calls, hook.most)
		}
		var all sync.WaitGroup
		*hook = flightHook{}
		for range 8 {
			all.Go(func() {
				if _, err := m.Tick(t.Context(), "q"); err != nil {
					t.Error(err)
				}
			})
		}
		all.Wait()
		if hook.most != 1 || most.tickets > 32 {
			t.Errorf("%d ticks at a time, of up to %d tickets", hook.most, most.tickets)
		}
		checkAudit(t, m)
	})
}

// flightHook counts concurrent script calls.
type flightHook struct {
	sync.Mutex
	now, most, calls int
}

func (h *flightHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h *flightHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (h *flightHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() != "evalsha" {
			return next(ctx, cmd)
		}
		h.Lock()
		h.calls++
		h.now++
		h.most = max(h.most, h.now)
		h.Unlock()
		defer func() {
			h.Lock()
			h.now--
			h.Unlock()
		}()
		return next(ctx, cmd)
	}
}

func TestGuarantee9NodesAgree(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		first := newMatcher(t, env, matchq.Config{})
		ticket := enqueue(t, first, "history", "alice")

		second := newMatcher(t, env, matchq.Config{Retention: time.Minute})
		_, err := second.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "bob"})
		var disagreement *matchq.ConfigError
		if !errors.As(err, &disagreement) || disagreement.Mine == disagreement.Theirs {
			t.Fatalf("a node of another retention: %v", err)
		}
		if _, err := second.Tick(t.Context(), "history"); !errors.As(err, &disagreement) {
			t.Errorf("tick: %v", err)
		}
		if err := second.Run(t.Context()); !errors.As(err, &disagreement) {
			t.Errorf("run: %v", err)
		}

		// Once no ticket is live, another configuration may take over; the first node gets an error.
		if err := first.Cancel(t.Context(), ticket.ID, ""); err != nil {
			t.Fatal(err)
		}
		enqueue(t, second, "history", "bob")
		_, err = first.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "carol"})
		if !errors.As(err, &disagreement) {
			t.Errorf("the node that was overruled: %v", err)
		}
		checkAudit(t, second)
	})
}
