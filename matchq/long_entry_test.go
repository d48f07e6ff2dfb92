package matchq_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// replySizes counts the bytes of the texts in the replies of scripts.
type replySizes struct{ bytes atomic.Int64 }

func (*replySizes) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*replySizes) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *replySizes) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		err := next(ctx, cmd)
		if reply, ok := cmd.(*redis.Cmd); ok && err == nil {
			s.bytes.Add(bytesOf(reply.Val()))
		}
		return err
	}
}

func bytesOf(value any) (n int64) {
	switch v := value.(type) {
	case string:
		n = int64(len(v))
	case []any:
		for _, one := range v {
			n += bytesOf(one)
		}
	}
	return n
}

const (
	longAttributes = 4000
	longEntry      = 64 << 10
)

// attributesOf is JSON of about n bytes.
func attributesOf(n int) json.RawMessage {
	return json.RawMessage(`{"x":"` + strings.Repeat("x", n) + `"}`)
}

// enqueueLong enqueues n players of a queue, and returns their tickets. attributes has the length of each one's.
func enqueueLong(t testing.TB, m *matchq.Matcher, queue string, n int, attributes func(i int) int) []matchq.Ticket {
	t.Helper()
	requests := make([]matchq.Request, n)
	for i := range requests {
		requests[i] = matchq.Request{Queue: queue, Player: fmt.Sprint(queue, i), Attributes: attributesOf(attributes(i))}
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

// A ticket or a match that has ended is read alone, not with the entry it shares with others.
func TestReadingOneReadsOne(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		for name, attributes := range map[string]func(int) int{
			"long":  func(int) int { return longAttributes },
			"short": func(int) int { return 1 },
			"mixed": func(i int) int { return 1 + longAttributes*(i%7)/6 },
		} {
			tickets := enqueueLong(t, m, name, 100, attributes)
			if r, err := m.Tick(t.Context(), name); err != nil || r.Matches != 50 {
				t.Fatalf("%+v, %v", r, err)
			}
			sizes := &replySizes{}
			env.Client.AddHook(sizes)
			var longest int64
			for i, ticket := range tickets {
				sizes.bytes.Store(0)
				found, err := m.Ticket(t.Context(), ticket.ID)
				if err != nil || found.Match == nil || found.Player != ticket.Player || string(found.Attributes) != string(ticket.Attributes) {
					t.Fatalf("ticket %d: %+v, %v", i, found, err)
				}
				longest = max(longest, sizes.bytes.Swap(0))
				match, err := m.Match(t.Context(), found.Match.ID)
				if err != nil || match.ID != found.Match.ID || fmt.Sprint(match.Players()) != fmt.Sprint(found.Match.Players()) {
					t.Fatalf("match %s: %+v, %v", found.Match.ID, match, err)
				}
				longest = max(longest, sizes.bytes.Load())
			}
			if longest > 3*longAttributes {
				t.Errorf("%s: a reply has %d bytes", name, longest)
			}
		}
		for _, id := range []string{"1-1-0", "9999999999999-0-0"} {
			if _, err := m.Match(t.Context(), id); err == nil {
				t.Errorf("there is a match %s", id)
			}
		}
		entriesAreBounded(t, env, 2)
	})
}

// entriesAreBounded sees that no entry is longer than allowed, unless it has one place only.
func entriesAreBounded(t *testing.T, env *matchqtest.Env, size int) {
	t.Helper()
	entries, err := env.Client.XRange(t.Context(), "{"+env.Namespace+"}:events", "-", "+").Result()
	if err != nil || len(entries) == 0 {
		t.Fatalf("%d entries, %v", len(entries), err)
	}
	for _, entry := range entries {
		lines, _ := entry.Values["tickets"].(string)
		tickets := (strings.Count(lines, "\n") + 1) / 2
		if len(lines) > longEntry && tickets > size || tickets > 50*size {
			t.Errorf("an entry has %d tickets in %d bytes", tickets, len(lines))
		}
		if fmt.Sprint(tickets) != entry.Values["count"] {
			t.Errorf("an entry of %d tickets says %v", tickets, entry.Values["count"])
		}
	}
}

// Long tickets are proposed, matched, restored and cancelled like others, also where those of one match fill an entry.
func TestLongTicketsWithReadyCheck(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		const size = 16
		m := newMatcher(t, env, matchq.Config{Size: size, ReadyTimeout: time.Hour, Limit: 64})
		tickets := enqueueLong(t, m, "q", 4*size, func(int) int { return longAttributes + 80 })
		if r, err := m.Tick(t.Context(), "q"); err != nil || r.Matches != 4 {
			t.Fatalf("%+v, %v", r, err)
		}
		entriesAreBounded(t, env, size)
		made, err := m.Ticket(t.Context(), tickets[0].ID)
		if err != nil {
			t.Fatal(err)
		}
		for _, player := range made.Match.Players() {
			if _, err := m.Accept(t.Context(), made.Match.ID, player); err != nil {
				t.Fatal(err)
			}
		}
		declined, err := m.Ticket(t.Context(), tickets[size].ID)
		if err != nil {
			t.Fatal(err)
		}
		if err := m.Decline(t.Context(), declined.Match.ID, declined.Player); err != nil {
			t.Fatal(err)
		}
		if _, err := m.Drain(t.Context(), "q"); err != nil { // cancels all tickets of a match at once
			t.Fatal(err)
		}
		for i, ticket := range tickets {
			found, err := m.Ticket(t.Context(), ticket.ID)
			if want := map[bool]matchq.State{true: matchq.Matched, false: matchq.Cancelled}[i < size]; err != nil || found.State != want {
				t.Errorf("ticket %d is %s, expected %s, %v", i, found.State, want, err)
			}
		}
		drained, err := m.Ticket(t.Context(), tickets[2*size].ID)
		if err != nil {
			t.Fatal(err)
		}
		events, err := m.TicketEvents(t.Context(), &drained)
		if err != nil || len(events) != 2 {
			t.Fatalf("%d events, %v", len(events), err)
		}
		for _, id := range []string{made.Match.ID, declined.Match.ID, events[1].MatchID} {
			if match, err := m.Match(t.Context(), id); err != nil || len(match.Tickets) != size {
				t.Errorf("match %s has %d tickets, %v", id, len(match.Tickets), err)
			}
		}
		if a, err := m.AuditDeep(t.Context()); err != nil || !a.OK() {
			t.Errorf("%v, %v", a.Problems, err)
		}
	})
}
