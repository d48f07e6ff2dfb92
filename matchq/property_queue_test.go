package matchq_test

import (
	"errors"
	"fmt"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
)

func (s *machine) doTick(t *rapid.T) error {
	queue := s.anyQueue(t)
	defer s.repeated(t)()
	return s.tick(queue, false)
}

// tick matches the waiting tickets of a queue. inside means that it runs within another operation.
func (s *machine) tick(queue string, inside bool) error {
	q := s.queue(queue)
	again := q.partial // the batch under way does not hold newcomers: a second tick does
	report, err := s.m.TickQueue(s.ctx, queue)
	if _, failed := errors.AsType[*matchq.PolicyError](err); err != nil && !(s.failing && failed) {
		return err
	}
	if err := s.sync(s.mayTick(queue)); err != nil {
		return err
	}
	q.partial, q.jumbled = false, false
	if again {
		return s.tick(queue, inside)
	}
	s.tidy(queue)
	left := s.live(queue)
	if report.More || report.Left != len(left) {
		return fmt.Errorf("%d wait in %s, but the report is %+v", len(left), queue, report)
	}
	if s.fifo && !q.paused && len(left) >= s.cfg.Size {
		return fmt.Errorf("%d wait in %s after a tick", len(left), queue)
	}
	for _, t := range left {
		if s.isOverdue(t) {
			return fmt.Errorf("ticket %s should have expired by the tick", t.ID)
		}
	}
	return nil
}

// doTickOnce makes one call of a tick that may need several, like a node that then dies.
func (s *machine) doTickOnce(t *rapid.T) error {
	queue := s.anyQueue(t)
	stop := s.repeated(t)
	report, err := s.m.TickOnce(s.ctx, queue)
	if stop(); err != nil {
		return err
	}
	if err := s.sync(s.mayTick(queue)); err != nil {
		return err
	}
	q := s.queue(queue)
	q.partial = report.More || q.partial && len(s.standing(queue)) > 0
	q.jumbled = q.partial && (q.jumbled || q.paused)
	return nil
}

func (s *machine) doPause(t *rapid.T) error {
	queue, paused := s.anyQueue(t), rapid.Bool().Draw(t, "paused")
	defer s.repeated(t)()
	return s.pause(queue, paused)
}

func (s *machine) pause(queue string, paused bool) error {
	set := s.m.Resume
	if paused {
		set = s.m.Pause
	}
	s.queue(queue).paused = paused
	return set(s.ctx, queue)
}

func (s *machine) doDrain(t *rapid.T) error {
	queue := s.anyQueue(t)
	stop := s.repeated(t)
	err := s.drain(queue, s.hook.Ordered())
	stop()
	return err
}

func (s *machine) drain(queue string, repeated bool) error {
	want := len(s.standing(queue))
	got, err := s.m.Drain(s.ctx, queue)
	if err != nil {
		return err
	}
	// The reply with the count may be lost.
	if got > want || got < want && !repeated {
		return fmt.Errorf("drained %d of %d in %s", got, want, queue)
	}
	err = s.sync(func(ev *matchq.Event) error {
		if ev.Kind != matchq.Cancelled || ev.Ticket.Queue != queue || ev.Ticket.Reason != matchq.ReasonDrained {
			return fmt.Errorf("draining %s must not make %+v", queue, *ev)
		}
		return nil
	})
	if left := s.standing(queue); err == nil && len(left) > 0 {
		return fmt.Errorf("%d wait in %s after it was drained", len(left), queue)
	}
	s.tidy(queue)
	return err
}

func (s *machine) doAdvance(t *rapid.T) {
	d := rapid.SampledFrom([]time.Duration{
		time.Millisecond, 500 * time.Millisecond, time.Second, 5 * time.Second, time.Minute, 2 * time.Minute,
	}).Draw(t, "passed")
	s.now = s.now.Add(d)
	s.embedded.SetTime(s.now)
}

func (s *machine) forgetAll() error {
	for more := true; more; {
		var err error
		if more, err = s.m.Forget(s.ctx); err != nil {
			return err
		}
	}
	s.forget()
	return nil
}

func (s *machine) checkQueue(name string) error {
	got, err := s.m.Queue(s.ctx, name)
	if err != nil {
		return err
	}
	live, q := s.live(name), s.queue(name)
	want := matchq.Queue{
		Name: name, Waiting: len(live), Proposed: len(s.standing(name)) - len(live), OldestAt: got.OldestAt, OldestWait: got.OldestWait,
		NextTick: got.NextTick, NextTickIn: got.NextTickIn,
		Overdue: got.Overdue, Matches: q.matches, Paused: q.paused,
	}
	if !s.now.IsZero() && !got.NextTick.IsZero() {
		want.NextTickIn, want.Overdue = max(0, got.NextTick.Sub(s.now)), max(0, s.now.Sub(got.NextTick))
	}
	// Unknown while many tombstones are in front.
	if !s.now.IsZero() && len(live) > 0 && got.OldestWait > 0 && !q.loose && !q.jumbled {
		want.OldestAt, want.OldestWait = live[0].EnqueuedAt, s.now.Sub(live[0].EnqueuedAt)
	}
	if s.failed {
		want.FallbackUntil = got.FallbackUntil // it has a test of its own, and this process may know older rules
	}
	if got != want {
		return fmt.Errorf("queue is\n%+v, but must be\n%+v", got, want)
	}
	return s.checkNextTick(&got, live)
}

// checkNextTick checks that no ticket waits for a visit that does not come.
func (s *machine) checkNextTick(q *matchq.Queue, live []*modelTicket) error {
	ready := 0
	var latest time.Time // latest time of the visit
	for _, t := range live {
		if !s.isOverdue(t) {
			ready++
		}
		if !t.ExpiresAt.IsZero() && (latest.IsZero() || t.ExpiresAt.Before(latest)) {
			latest = t.ExpiresAt
		}
	}
	canMatch := s.fifo && !q.Paused && ready >= s.cfg.Size
	if !canMatch && latest.IsZero() {
		return nil
	}
	if q.NextTick.IsZero() {
		return fmt.Errorf("%s is never visited: %d wait, the first until %v", q.Name, len(live), latest)
	}
	if s.now.IsZero() {
		return nil
	}
	if canMatch || latest.Before(s.now) {
		latest = s.now
	}
	if q.NextTick.After(latest.Add(s.cfg.Interval)) {
		return fmt.Errorf("%s is visited at %v, but must at %v", q.Name, q.NextTick, latest)
	}
	return nil
}

func (s *machine) checkTicket(id string) error {
	got, err := s.m.Ticket(s.ctx, id)
	if s.tickets[id] == nil {
		if !errors.Is(err, matchq.ErrNotFound) {
			return fmt.Errorf("ticket %s must not be found, but is: %+v, %w", id, got, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("ticket %s: %w", id, err)
	}
	return s.same(&got, id)
}

func (s *machine) checkPlayer(player string) error {
	got, err := s.m.TicketOf(s.ctx, player)
	id := s.latest[player]
	if id == "" {
		if !errors.Is(err, matchq.ErrNotFound) {
			return fmt.Errorf("player %s must have no ticket, but has: %+v, %w", player, got, err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("latest ticket of %s: %w", player, err)
	}
	return s.same(&got, id)
}
