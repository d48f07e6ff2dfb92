package matchq_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
)

// modelSequel is the sequel of a match.
type modelSequel struct {
	connection string // of its assignment, "" if there is none
	released   bool
	reason     string
	successors []string // by the place of the ticket in the match; "" for none
}

// matchIDs returns the ids of matches that are known, and of two that are not.
func (m *model) matchIDs() []string {
	ids := map[string]bool{"1-1-1": true, "x": true}
	for id := range m.matches {
		ids[id] = true
	}
	for _, t := range m.tickets {
		if t.State == matchq.Matched {
			ids[t.matchID] = true
		}
	}
	return slices.Sorted(maps.Keys(ids))
}

// matesOf returns the tickets of a match that was made; nil if none was.
func (m *model) matesOf(matchID string) []*modelTicket {
	for _, t := range m.tickets {
		if t.State == matchq.Matched && t.matchID == matchID {
			mates := make([]*modelTicket, len(t.mates))
			for i, id := range t.mates {
				mates[i] = m.tickets[id]
			}
			return mates
		}
	}
	return nil
}

// refusal returns the expected error of a call about a match that was not made; nil for one that was.
func (m *model) refusal(matchID string) error {
	match := m.matches[matchID]
	switch {
	case match == nil && m.matesOf(matchID) == nil:
		return matchq.ErrNotFound
	case match != nil && match.State == matchq.Proposed:
		return matchq.ErrProposed
	case m.sequels[matchID].released:
		return matchq.ErrReleased
	case match != nil && match.State == matchq.Cancelled:
		return matchq.ErrReadyCheckFailed
	}
	return nil
}

func (s *machine) doAssign(t *rapid.T) error {
	id := rapid.SampledFrom(s.matchIDs()).Draw(t, "assigned match")
	connection := rapid.SampledFrom([]string{"here", "there"}).Draw(t, "connection")
	defer s.repeated(t)()
	got, err := s.m.Assign(s.ctx, id, matchq.Assignment{Connection: connection})
	if want := s.refusal(id); want != nil {
		if !errors.Is(err, want) {
			return fmt.Errorf("assign %s must be %w, but is %+v, %w", id, want, got, err)
		}
		return s.sync(nothing)
	}
	if err != nil {
		return fmt.Errorf("assign %s: %w", id, err)
	}
	before := s.sequels[id]
	s.sequels[id] = modelSequel{connection: connection}
	told := 0
	err = s.sync(func(ev *matchq.Event) error {
		if told++; ev.Kind != matchq.Assigned || ev.MatchID != id || before.connection == connection {
			return fmt.Errorf("assigning %s must not make %+v", id, *ev)
		}
		return nil
	})
	if err == nil && before.connection != connection && told != 1 {
		err = fmt.Errorf("assigning %s made %d events", id, told)
	}
	return errors.Join(err, s.sameSequel(&got))
}

// sameSequel returns an error if the sequel of a match differs from the model.
func (m *model) sameSequel(match *matchq.Match) error {
	want, got := m.sequels[match.ID], modelSequel{}
	if match.Assignment != nil {
		got.connection = match.Assignment.Connection
	}
	if match.Released != nil {
		got.released, got.reason = true, match.Released.Reason
	}
	if got.connection != want.connection || got.released != want.released || got.reason != want.reason {
		return fmt.Errorf("match %s became %+v, but must %+v", match.ID, got, want)
	}
	return nil
}

// followed checks an event about the sequel of a match that was made. The model knows it already.
func (m *model) followed(ev *matchq.Event) error {
	for _, t := range ev.Match.Tickets {
		if err := m.same(&t, t.ID); err != nil {
			return fmt.Errorf("event %s: %w", ev.ID, err)
		}
	}
	m.told = append(m.told, toldEvent{ev.ID, whatOf(ev), ev.At})
	return m.sameSequel(ev.Match)
}

func (s *machine) doRelease(t *rapid.T) error {
	id := rapid.SampledFrom(s.matchIDs()).Draw(t, "released match")
	match := s.matches[id]
	stop := s.repeated(t)
	got, results, err := s.m.Release(s.ctx, id, "crashed")
	stop()
	switch want := s.refusal(id); {
	case match != nil && s.over(match):
		if !errors.Is(err, matchq.ErrReadyCheckFailed) {
			return fmt.Errorf("release %s too late: %+v, %w", id, got, err)
		}
		return s.fallsApart(match, s.silent(match), matchq.ReasonNoAnswer)
	case errors.Is(want, matchq.ErrNotFound) || errors.Is(want, matchq.ErrReadyCheckFailed):
		if !errors.Is(err, want) {
			return fmt.Errorf("release %s must be %w, but is %+v, %w", id, want, got, err)
		}
		return s.sync(nothing)
	case err != nil:
		return fmt.Errorf("release %s: %w", id, err)
	case errors.Is(want, matchq.ErrProposed):
		s.sequels[id] = modelSequel{released: true, reason: "crashed", successors: match.ids}
		err = s.fallsApart(match, nil, "crashed")
	case errors.Is(want, matchq.ErrReleased):
		err = s.sync(nothing)
	default:
		err = s.released(id, results)
	}
	return errors.Join(err, s.checkResults(id, results), s.sameSequel(&got), s.waitForShort())
}

// released gives the players of a match new tickets.
func (s *machine) released(id string, results []matchq.Result) error {
	sequel := s.sequels[id]
	sequel.released, sequel.reason = true, "crashed"
	mates := s.matesOf(id)
	if len(results) != len(mates) {
		return fmt.Errorf("release %s of %d: %+v", id, len(mates), results)
	}
	var again []*modelTicket
	for i, old := range mates {
		latest := s.tickets[s.latest[old.Player]]
		if latest != nil && latest != old && (latest.lives() || latest.State == matchq.Matched) {
			sequel.successors = append(sequel.successors, "")
			continue
		}
		if results[i].Err != nil {
			return fmt.Errorf("%s gets no new ticket: %w", old.Player, results[i].Err)
		}
		again = append(again, s.succeed(old, &results[i].Ticket))
		sequel.successors = append(sequel.successors, results[i].Ticket.ID)
	}
	s.sequels[id] = sequel
	s.putInFront(mates[0].Queue, again)
	told := 0
	err := s.sync(func(ev *matchq.Event) error {
		if told++; ev.Kind != matchq.Released || ev.MatchID != id || ev.Reason != "crashed" {
			return fmt.Errorf("releasing %s must not make %+v", id, *ev)
		}
		return nil
	})
	if err == nil && told != 1 {
		err = fmt.Errorf("releasing %s made %d events", id, told)
	}
	return err
}

// succeed adds the successor of a ticket.
func (s *machine) succeed(old *modelTicket, made *matchq.Ticket) *modelTicket {
	t := &modelTicket{Ticket: old.Ticket, ttl: old.ttl, overdue: old.ttl == shortTTL}
	t.ID, t.State, t.Version, t.EndedAt, t.Successor, t.Predecessor = made.ID, matchq.Waiting, 1, time.Time{}, "", old.ID
	if old.ttl != matchq.Never {
		t.ExpiresAt = made.ExpiresAt
		if !s.now.IsZero() {
			t.ExpiresAt = s.now.Add(old.ttl)
		}
	}
	old.Successor = t.ID
	s.tickets[t.ID], s.latest[t.Player] = t, t.ID
	s.stats.Enqueued++
	s.stats.Waiting++
	s.stats.Stored++
	return t
}

// putInFront puts released tickets at the head of a line, behind released ones that have waited longer.
func (s *machine) putInFront(queue string, again []*modelTicket) {
	q := s.queue(queue)
	slices.SortStableFunc(again, func(a, b *modelTicket) int { return a.EnqueuedAt.Compare(b.EnqueuedAt) })
	at, dead := 0, false
	for _, t := range again {
		for ; at < len(q.line); at++ {
			first := s.tickets[q.line[at]]
			if !first.lives() {
				dead = true // Redis may or may not have its tombstone
				continue
			}
			if first.State != matchq.Waiting || first.Predecessor == "" || first.EnqueuedAt.After(t.EnqueuedAt) {
				break
			}
			q.loose = q.loose || dead || q.partial
		}
		q.line = slices.Insert(q.line, at, t.ID)
		at++
	}
	q.jumbled = q.jumbled || q.partial // the batch under way does not hold them
	q.loose = q.loose || at > 60
}

// checkResults compares Release's result for each player with the model.
func (s *machine) checkResults(id string, results []matchq.Result) error {
	successors := s.sequels[id].successors
	if len(results) != len(successors) {
		return fmt.Errorf("release of %s: %d results, not %d", id, len(results), len(successors))
	}
	mates := s.matesOf(id)
	for i, r := range results {
		if next := successors[i]; next != "" {
			if t := s.tickets[next]; t == nil && !errors.Is(r.Err, matchq.ErrNotFound) ||
				t != nil && (r.Err != nil || r.Ticket.ID != next || r.Ticket.State != t.State || r.Ticket.Player != t.Player) {
				return fmt.Errorf("result %d is %+v, but ticket %s is %+v", i, r, next, t)
			}
			continue
		}
		latest := s.tickets[s.latest[mates[i].Player]]
		var duplicate *matchq.DuplicateError
		var busy *matchq.BusyError
		if latest.lives() != errors.As(r.Err, &duplicate) || latest.lives() == errors.As(r.Err, &busy) {
			return fmt.Errorf("result %d is %+v, but the player's latest ticket is %+v", i, r, latest)
		}
	}
	return nil
}
