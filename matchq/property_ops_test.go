package matchq_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
)

var (
	somePlayers = []string{"ann", "bob", "cy", "dan", "eve", "fay", "gus", "hal", "ina", "jon"}
	someIDs     = []string{"", "", "", "", "x0", "x1", "x2", "x3"}
	someTTLs    = []time.Duration{0, matchq.Never, matchq.Never, shortTTL, 90 * time.Second, time.Hour}
)

func (s *machine) anyQueue(t *rapid.T) string { return rapid.SampledFrom(s.names).Draw(t, "queue") }

func (s *machine) request(t *rapid.T) matchq.Request {
	r := matchq.Request{
		Queue:  s.anyQueue(t),
		Player: rapid.SampledFrom(somePlayers).Draw(t, "player"),
		ID:     rapid.SampledFrom(someIDs).Draw(t, "id"),
		TTL:    s.ttl(t),
	}
	if s.embedded != nil {
		before := rapid.SampledFrom([]time.Duration{0, 0, 0, time.Minute, 30 * time.Hour, -time.Hour}).Draw(t, "waited before")
		if before != 0 {
			r.WaitingSince = s.now.Add(-before)
		}
	}
	if rating := rapid.IntRange(-1, 2).Draw(t, "rating"); rating >= 0 {
		r.Rating = new(float64(rating))
	}
	if rapid.Bool().Draw(t, "with more") {
		r.Attributes, r.ReplyTo = json.RawMessage(`{"a":"\t"}`), "here"
	}
	return r
}

// ttl draws a time to live. If the server's clock can't be set, tickets expire only where that is certain.
func (s *machine) ttl(t *rapid.T) time.Duration {
	ttl := rapid.SampledFrom(someTTLs).Draw(t, "ttl")
	if s.embedded == nil && ttl != shortTTL && ttl != matchq.Never {
		return time.Hour
	}
	return ttl
}

func (s *machine) doEnqueue(t *rapid.T) error {
	r := s.request(t)
	defer s.repeated(t)()
	ticket, err := s.m.Enqueue(s.ctx, r)
	return s.settle([]matchq.Request{r}, []matchq.Result{{Ticket: ticket, Err: err}})
}

func (s *machine) doSeveral(t *rapid.T) error {
	var requests []matchq.Request
	for range rapid.IntRange(1, 8).Draw(t, "requests") {
		requests = append(requests, s.request(t))
	}
	return s.enqueueAll(t, requests)
}

// doCrowd queues more players at once than a call takes.
func (s *machine) doCrowd(t *rapid.T) error {
	queue, ttl := s.anyQueue(t), s.ttl(t)
	var requests []matchq.Request
	for range rapid.IntRange(20, 80).Draw(t, "requests") {
		s.fresh++
		requests = append(requests, matchq.Request{
			Queue: queue, Player: "p" + strconv.Itoa(s.fresh), TTL: ttl, Rating: new(float64(s.fresh % 7)),
			Attributes: json.RawMessage(fmt.Sprintf(`{"a":"%d"}`, s.fresh%3)),
		})
	}
	return s.enqueueAll(t, requests)
}

func (s *machine) enqueueAll(t *rapid.T, requests []matchq.Request) error {
	defer s.repeated(t)()
	results, err := s.m.EnqueueAll(s.ctx, requests)
	if err != nil {
		return err
	}
	return s.settle(requests, results)
}

// settle compares results with the model's, in the order in which rounds of calls take requests: no player and no id
// is twice in one round.
func (s *machine) settle(requests []matchq.Request, results []matchq.Result) error {
	var left []int
	for i := range requests {
		left = append(left, i)
	}
	for len(left) > 0 {
		used, kept := map[string]bool{}, []int(nil)
		for _, i := range left {
			player, id := "player "+requests[i].Player, "id "+requests[i].ID
			if used[player] || used[id] && requests[i].ID != "" {
				used[player], used[id] = true, true
				kept = append(kept, i)
				continue
			}
			used[player], used[id] = true, true
			if err := s.compare(s.judge(&requests[i]), &requests[i], &results[i]); err != nil {
				return fmt.Errorf("request %d %+v: %w", i, requests[i], err)
			}
		}
		left = kept
	}
	return s.waitForShort()
}

// waitForShort waits, by Redis's clock, until tickets with a short time to live have expired.
func (s *machine) waitForShort() error {
	for s.embedded == nil {
		now, err := s.rdb.Time(s.ctx).Result()
		if err != nil {
			return err
		}
		late := func(id string) bool { t := s.tickets[id]; return t.overdue && t.ExpiresAt.After(now.Add(-shortTTL)) }
		if !slices.ContainsFunc(s.known(), late) {
			break
		}
	}
	return nil
}

func (s *machine) compare(want verdict, r *matchq.Request, got *matchq.Result) error {
	var (
		duplicate *matchq.DuplicateError
		taken     *matchq.IDTakenError
		fine      bool
	)
	switch want {
	case isQueued:
		if got.Err == nil && (r.ID != "" || !got.Ticket.Repeated) { // the driver may have repeated one with an ID
			return s.add(r, &got.Ticket)
		}
	case isKnown:
		if got.Err == nil && got.Ticket.Repeated {
			return s.same(&got.Ticket, r.ID)
		}
	case isDuplicate:
		if errors.As(got.Err, &duplicate) {
			return s.same(&duplicate.Ticket, s.latest[r.Player])
		}
	case isTaken:
		fine = errors.As(got.Err, &taken) && taken.ID == r.ID
	case isPaused:
		fine = errors.Is(got.Err, matchq.ErrPaused)
	}
	if !fine {
		return fmt.Errorf("must be %s, but is %+v, %w", want, got.Ticket, got.Err)
	}
	return nil
}

// doLate repeats a request after another operation, as if its reply was lost.
func (s *machine) doLate(t *rapid.T) error {
	r := s.request(t)
	if r.TTL == shortTTL {
		r.TTL = matchq.Never // else a tick in between may or may not find it expired
	}
	if r.ID == "" {
		s.fresh++
		r.ID = "late-" + strconv.Itoa(s.fresh)
	}
	between := rapid.SampledFrom([]func() error{
		func() error { return s.cancel(r.ID) },
		func() error { return s.tick(r.Queue, true) },
		func() error { return s.drain(r.Queue, true) },
		func() error { return s.pause(r.Queue, !s.queue(r.Queue).paused) },
	}).Draw(t, "in between")

	if _, _, err := s.m.AllRules(s.ctx); err != nil { // so that the first call counts
		return err
	}
	var failed error
	s.hook.Next("match/enqueue", func() {
		if s.judge(&r) == isQueued {
			var ticket matchq.Ticket
			if ticket, failed = s.m.Ticket(s.ctx, r.ID); failed == nil {
				failed = s.add(&r, &ticket)
			}
		}
		if failed == nil {
			failed = between()
		}
	})
	ticket, err := s.m.Enqueue(s.ctx, r)
	if s.hook.Stop(); failed != nil {
		return failed
	}
	return s.settle([]matchq.Request{r}, []matchq.Result{{Ticket: ticket, Err: err}})
}

func (s *machine) doCancel(t *rapid.T) error {
	id := rapid.SampledFrom(append(s.known(), someIDs...)).Draw(t, "cancelled")
	defer s.repeated(t)()
	return s.cancel(id)
}

func (s *machine) doCancelPlayer(t *rapid.T) error {
	player := rapid.SampledFrom(somePlayers).Draw(t, "gives up")
	defer s.repeated(t)()
	return s.cancelled(s.latest[player], s.m.CancelPlayer(s.ctx, player))
}

func (s *machine) cancel(id string) error { return s.cancelled(id, s.m.Cancel(s.ctx, id, "")) }

// cancelled compares the result of Cancel with the expected one.
func (s *machine) cancelled(id string, err error) error {
	var matched *matchq.MatchedError
	t := s.tickets[id]
	var fine bool
	switch {
	case t == nil:
		fine = errors.Is(err, matchq.ErrNotFound)
	case t.State == matchq.Matched:
		fine = errors.As(err, &matched) && matched.Match.ID == t.matchID && slices.Equal(idsOf(matched.Match.Tickets), t.mates)
	case t.State == matchq.Expired:
		fine = errors.Is(err, matchq.ErrExpired)
	default:
		fine = err == nil
	}
	if !fine {
		return fmt.Errorf("cancel %q, which is %+v: %w", id, t, err)
	}
	if t == nil || !t.lives() {
		return s.sync(nothing)
	}
	if t.State == matchq.Proposed {
		return s.cancelledProposed(t)
	}
	err = s.sync(func(ev *matchq.Event) error {
		if ev.Kind != matchq.Cancelled || ev.Ticket.ID != id || ev.Ticket.Reason != "" {
			return fmt.Errorf("cancelling %s must not make %+v", id, *ev)
		}
		return nil
	})
	if err == nil && t.State != matchq.Cancelled {
		return fmt.Errorf("ticket %s has no event", id)
	}
	if len(s.standing(t.Queue)) == 0 {
		s.tidy(t.Queue)
	}
	return err
}

// nothing checks that an operation has caused no event.
func nothing(ev *matchq.Event) error { return fmt.Errorf("unexpected event %+v", *ev) }
