package matchq_test

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq"
)

// model is the expected state of a namespace in plain Go: tickets, their order, and the counters. It learns from events
// how tickets end, and refuses an unexpected event.
type model struct {
	cfg     matchq.Config // defaults filled in
	fifo    bool          // the pairs are known beforehand
	failing bool          // the policy always fails, and so FIFO replaces it
	failed  bool          // failing was ever so
	now     time.Time     // of the embedded server, whose clock the test sets; zero on others, where time is not checked
	tickets map[string]*modelTicket
	latest  map[string]string // player → ticket id
	queues  map[string]*modelQueue
	matches map[string]*modelMatch // proposed matches
	sequels map[string]modelSequel // of matches, by id
	stats   matchq.Stats
	told    []toldEvent // the events, in order
}

type toldEvent struct {
	id   string
	what string // kind and ids
	at   time.Time
}

// modelMatch is a proposed match.
type modelMatch struct {
	matchq.Match                   // the expected value, but for its tickets
	ids          []string          // of its tickets
	reasons      map[string]string // of its cancelled tickets, by id
}

type modelTicket struct {
	matchq.Ticket          // the expected value, but for Match
	matchID       string   // "" unless it is proposed or was matched
	mates         []string // ids of its match's tickets, in order
	ttl           time.Duration
	overdue       bool // it has expired, but no call has noticed
}

type modelQueue struct {
	line    []string // ids in order; some have ended and may be tombstones in Redis
	paused  bool
	matches int64
	partial bool // a batch is under way
	jumbled bool // and a pause has interrupted it, so tickets behind it come first until it is done
	loose   bool // a reused id may be in the place of its tombstone
}

func newModel(cfg matchq.Config, now time.Time) *model {
	return &model{
		cfg: cfg, now: now,
		tickets: map[string]*modelTicket{}, latest: map[string]string{}, queues: map[string]*modelQueue{},
		matches: map[string]*modelMatch{}, sequels: map[string]modelSequel{},
	}
}

func (m *model) queue(name string) *modelQueue {
	if m.queues[name] == nil {
		m.queues[name] = &modelQueue{}
	}
	return m.queues[name]
}

// live returns the tickets that wait in a queue, in order.
func (m *model) live(name string) []*modelTicket {
	return slices.DeleteFunc(m.standing(name), func(t *modelTicket) bool { return t.State != matchq.Waiting })
}

// standing returns the tickets that wait or are proposed in a queue, in order.
func (m *model) standing(name string) []*modelTicket {
	var standing []*modelTicket
	for _, id := range m.queue(name).line {
		if t := m.tickets[id]; t.lives() && t.Queue == name && !slices.Contains(standing, t) {
			standing = append(standing, t)
		}
	}
	return standing
}

func (t *modelTicket) lives() bool {
	return t != nil && (t.State == matchq.Waiting || t.State == matchq.Proposed)
}

// tidy forgets the tombstones of a queue.
func (m *model) tidy(name string) {
	q := m.queue(name)
	standing := m.standing(name)
	q.line = q.line[:0]
	for _, t := range standing {
		q.line = append(q.line, t.ID)
	}
	if len(standing) == 0 {
		q.partial, q.jumbled, q.loose = false, false, false
	}
}

func (m *model) isOverdue(t *modelTicket) bool {
	if m.now.IsZero() {
		return t.overdue
	}
	return !t.ExpiresAt.IsZero() && !t.ExpiresAt.After(m.now)
}

// verdict returns the expected result of a request.
type verdict string

const (
	isQueued    verdict = "queued"
	isKnown     verdict = "known"
	isTaken     verdict = "id taken"
	isDuplicate verdict = "duplicate"
	isPaused    verdict = "paused"
)

func (m *model) judge(r *matchq.Request) verdict {
	if known := m.tickets[r.ID]; known != nil {
		if known.Player != r.Player || known.Queue != r.Queue {
			return isTaken
		}
		return isKnown
	}
	if latest := m.tickets[m.latest[r.Player]]; latest.lives() {
		return isDuplicate
	}
	if m.queue(r.Queue).paused {
		return isPaused
	}
	return isQueued
}

// add adds a queued ticket, after it has checked the ticket against its request.
func (m *model) add(r *matchq.Request, t *matchq.Ticket) error {
	want := matchq.Ticket{
		ID: r.ID, Queue: r.Queue, Player: r.Player, Rating: r.Rating, Attributes: r.Attributes, ReplyTo: r.ReplyTo,
		State: matchq.Waiting, Version: 1, EnqueuedAt: m.now,
	}
	if r.ID == "" {
		want.ID = t.ID
	}
	if m.now.IsZero() {
		want.EnqueuedAt = t.EnqueuedAt
	}
	began := want.EnqueuedAt
	if !r.WaitingSince.IsZero() && r.WaitingSince.Before(m.now) {
		want.EnqueuedAt = r.WaitingSince
		if day := m.now.Add(-24 * time.Hour); want.EnqueuedAt.Before(day) {
			want.EnqueuedAt = day
		}
	}
	ttl := r.TTL
	if ttl == 0 {
		ttl = m.cfg.TTL
	}
	if ttl != matchq.Never {
		want.ExpiresAt = began.Add(ttl)
	}
	if want.ID == "" || want.EnqueuedAt.IsZero() {
		return fmt.Errorf("queued without an id or a time: %+v", *t)
	}
	made := &modelTicket{Ticket: want, ttl: ttl, overdue: ttl == shortTTL}
	q := m.queue(r.Queue)
	q.loose = q.loose || slices.Contains(q.line, want.ID)
	q.line = append(q.line, want.ID)
	m.tickets[want.ID], m.latest[r.Player] = made, want.ID
	m.stats.Enqueued++
	m.stats.Waiting++
	m.stats.Stored++
	return m.same(t, want.ID)
}

// same returns an error if a ticket differs from the expected one.
func (m *model) same(got *matchq.Ticket, id string) error {
	t := m.tickets[id]
	want := t.Ticket
	if !m.now.IsZero() && t.lives() {
		want.Waited = m.now.Sub(want.EnqueuedAt)
	}
	have := *got
	have.EndedAgo = 0                       // it has a test of its own
	if m.now.IsZero() || have.Waited == 0 { // not set where the ticket was just made
		have.Waited = want.Waited
	}
	have.Match, have.Repeated = nil, false
	if have.Rating != nil && want.Rating != nil && *have.Rating == *want.Rating {
		have.Rating = want.Rating // the same number in another place
	}
	if fmt.Sprintf("%+v", have) != fmt.Sprintf("%+v", want) {
		return fmt.Errorf("ticket is\n%+v, but must be\n%+v", have, want)
	}
	if got.Match != nil && (got.Match.ID != t.matchID || !slices.Equal(idsOf(got.Match.Tickets), t.mates)) {
		return fmt.Errorf("ticket %s is in match %+v, but must be in %s with %v", id, *got.Match, t.matchID, t.mates)
	}
	if got.Match != nil && got.State == matchq.Matched {
		return m.sameSequel(got.Match)
	}
	return nil
}

// whatOf is the model's record of an event.
func whatOf(ev *matchq.Event) string { return string(ev.Kind) + fmt.Sprint(idsOf(ev.Tickets())) }

func idsOf(tickets []matchq.Ticket) []string {
	ids := make([]string, len(tickets))
	for i := range tickets {
		ids[i] = tickets[i].ID
	}
	return ids
}

// end applies an event, if it is allowed.
func (m *model) end(ev *matchq.Event) error {
	before, count := matchq.Waiting, &m.stats.Waiting
	if ev.Kind == matchq.Restored || ev.Kind != matchq.Proposed && m.matches[ev.MatchID] != nil {
		before, count = matchq.Proposed, &m.stats.Proposed
	}
	if !m.now.IsZero() && !ev.At.Equal(m.now) {
		return fmt.Errorf("event %s is of %v, not %v", ev.ID, ev.At, m.now)
	}
	if ev.Kind == matchq.Assigned || ev.Kind == matchq.Released {
		return m.followed(ev)
	}
	for _, t := range ev.Tickets() {
		mine := m.tickets[t.ID]
		if mine == nil || mine.State != before || before == matchq.Proposed && mine.matchID != ev.MatchID {
			return fmt.Errorf("event %s %+v is about ticket %s, which must be %s: %+v", ev.ID, *ev, t.ID, before, mine)
		}
		m.become(mine, ev)
		if err := m.same(&t, t.ID); err != nil {
			return fmt.Errorf("event %s: %w", ev.ID, err)
		}
		*count--
	}
	switch ev.Kind {
	case matchq.Proposed:
		m.stats.Proposed += int64(len(ev.Tickets()))
	case matchq.Restored:
		m.stats.Waiting++
	case matchq.Matched:
		m.stats.Matched += int64(len(ev.Tickets()))
		m.stats.Matches++
		m.queue(ev.Match.Queue).matches++
	case matchq.Cancelled:
		m.stats.Cancelled++
	case matchq.Expired:
		m.stats.Expired++
	}
	m.told = append(m.told, toldEvent{ev.ID, whatOf(ev), ev.At})
	return m.endMatch(ev)
}

// become applies an event to a ticket.
func (m *model) become(t *modelTicket, ev *matchq.Event) {
	t.State, t.Version = ev.Kind, t.Version+1
	t.Waited = max(0, ev.At.Sub(t.EnqueuedAt))
	t.matchID, t.mates = "", nil
	if ev.Match != nil {
		t.matchID, t.mates = ev.Match.ID, idsOf(ev.Match.Tickets)
	}
	switch ev.Kind {
	case matchq.Restored:
		t.State = matchq.Waiting
		q := m.queue(t.Queue)
		q.jumbled = q.jumbled || q.partial // the batch under way may have skipped it
	case matchq.Proposed:
	default:
		t.EndedAt, t.Reason = ev.At, ev.Reason
	}
}

// made returns the kind of the event of a tick's match.
func (m *model) made() matchq.State {
	if m.cfg.ReadyTimeout > 0 {
		return matchq.Proposed
	}
	return matchq.Matched
}

// mayTick reports whether a tick of a queue may cause an event.
func (m *model) mayTick(name string) func(ev *matchq.Event) error {
	return func(ev *matchq.Event) error {
		q := m.queue(name)
		var ready []string
		for _, t := range m.live(name) {
			if !m.isOverdue(t) {
				ready = append(ready, t.ID)
			}
		}
		got := idsOf(ev.Tickets())
		switch {
		case ev.Kind == matchq.Expired && m.tickets[got[0]] != nil && m.isOverdue(m.tickets[got[0]]):
			return nil
		case ev.Kind != m.made() || q.paused || len(got) != m.cfg.Size || ev.Match.Queue != name:
		case m.fifo && !q.loose && !q.jumbled && slices.Equal(got, ready[:min(len(ready), m.cfg.Size)]):
			return nil
		case m.fifo && !q.loose && !q.jumbled:
		case !slices.ContainsFunc(got, func(id string) bool { return !slices.Contains(ready, id) }):
			return nil
		}
		return fmt.Errorf("a tick of %s, where %v wait, must not make %s of %v", name, ready, ev.Kind, got)
	}
}

// forget drops tickets that ended long enough ago.
func (m *model) forget() {
	for id, t := range m.tickets {
		if t.lives() || t.EndedAt.After(m.now.Add(-m.cfg.Retention)) {
			continue
		}
		delete(m.tickets, id)
		m.stats.Forgotten++
		m.stats.Stored--
		if m.latest[t.Player] == id {
			delete(m.latest, t.Player)
		}
	}
	for id, match := range m.matches {
		if match.State != matchq.Proposed && !match.MadeAt.After(m.now.Add(-m.cfg.Retention)) {
			delete(m.matches, id)
		}
	}
	kept := m.matchIDs()
	maps.DeleteFunc(m.sequels, func(id string, _ modelSequel) bool { return !slices.Contains(kept, id) })
	m.told = slices.DeleteFunc(m.told, func(e toldEvent) bool { return !e.at.After(m.now.Add(-m.cfg.Retention)) })
}
