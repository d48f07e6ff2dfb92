package httpdoor

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

type ticketView struct {
	ID         string          `json:"id"`
	Queue      wire.ID         `json:"queue"`
	Player     wire.ID         `json:"player"`
	State      matchq.State    `json:"state"`
	Version    int             `json:"version"`
	Rating     *float64        `json:"rating,omitempty"`
	Attributes json.RawMessage `json:"attributes,omitempty"`
	EnqueuedAt *time.Time      `json:"enqueued_at"`
	ExpiresAt  *time.Time      `json:"expires_at,omitempty"`
	EndedAt    *time.Time      `json:"ended_at,omitempty"`
	WaitedMs   int64           `json:"waited_ms"`
	Reason     string          `json:"reason,omitempty"`
	Match      *matchView      `json:"match,omitempty"`

	Successor   string `json:"successor,omitempty"`   // the new ticket, where the match was released
	Predecessor string `json:"predecessor,omitempty"` // the ticket whose match was released
}

func viewTicket(t *matchq.Ticket) *ticketView {
	v := &ticketView{
		ID: t.ID, Queue: wire.QueueID(t), Player: wire.PlayerID(t), State: t.State, Version: t.Version,
		Rating: t.Rating, Attributes: t.Attributes,
		EnqueuedAt: viewTime(t.EnqueuedAt), ExpiresAt: viewTime(t.ExpiresAt), EndedAt: viewTime(t.EndedAt),
		WaitedMs: t.Waited.Milliseconds(), Reason: t.Reason, Successor: t.Successor, Predecessor: t.Predecessor,
	}
	if t.Match != nil {
		v.Match = viewMatch(t.Match)
		v.Match.Queue = v.Queue // as this player writes it
	}
	return v
}

type matchView struct {
	ID      string       `json:"id"`
	Queue   wire.ID      `json:"queue"`
	Room    string       `json:"room"`
	MadeAt  *time.Time   `json:"made_at"`
	Players []playerView `json:"players"`
	Rules   *wire.Rules  `json:"rules,omitempty"`

	State    matchq.State `json:"state"`
	Deadline *time.Time   `json:"deadline,omitempty"` // of a proposed match
	Accepted []wire.ID    `json:"accepted,omitempty"` // of a proposed match

	Assignment *assignmentView `json:"assignment,omitempty"`
	Released   *releaseView    `json:"released,omitempty"`
}

type assignmentView struct {
	Connection string          `json:"connection"`
	Data       json.RawMessage `json:"data,omitempty"`
}

type releaseView struct {
	At     *time.Time `json:"at"`
	Reason string     `json:"reason"`
}

type playerView struct {
	Player     wire.ID         `json:"player"`
	TicketID   string          `json:"ticket_id"`
	Rating     *float64        `json:"rating,omitempty"`
	Attributes json.RawMessage `json:"attributes,omitempty"`
	WaitedMs   int64           `json:"waited_ms"`
	Successor  string          `json:"successor,omitempty"`
}

func viewMatch(m *matchq.Match) *matchView {
	v := &matchView{ID: m.ID, Queue: wire.QueueID(&m.Tickets[0]), Room: m.Room, MadeAt: viewTime(m.MadeAt), State: m.State, Deadline: viewTime(m.Deadline), Rules: wire.RulesOf(m)}
	for i := range m.Tickets {
		t := &m.Tickets[i]
		v.Players = append(v.Players, playerView{
			Player: wire.PlayerID(t), TicketID: t.ID, Rating: t.Rating, Attributes: t.Attributes, WaitedMs: t.Waited.Milliseconds(),
			Successor: t.Successor,
		})
		if slices.Contains(m.Accepted, t.Player) {
			v.Accepted = append(v.Accepted, wire.PlayerID(t))
		}
	}
	if m.Assignment != nil {
		v.Assignment = &assignmentView{m.Assignment.Connection, m.Assignment.Data}
	}
	if m.Released != nil {
		v.Released = &releaseView{viewTime(m.Released.At), m.Released.Reason}
	}
	return v
}

// viewTime is a time in UTC; nil for none.
func viewTime(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

type queueView struct {
	Name         string `json:"name"`
	Waiting      int    `json:"waiting"`
	Proposed     int    `json:"proposed"`
	OldestWaitMs int64  `json:"oldest_wait_ms"`
	NextTickMs   *int64 `json:"next_tick_ms"` // null if no visit is due
	MatchedTotal int64  `json:"matched_total"`
	Paused       bool   `json:"paused"`
	PolicyFailed bool   `json:"policy_failed,omitempty"`
}

type statsView struct {
	Enqueued  int64 `json:"enqueued"`
	Waiting   int64 `json:"waiting"`
	Proposed  int64 `json:"proposed"`
	Matched   int64 `json:"matched"`
	Cancelled int64 `json:"cancelled"`
	Expired   int64 `json:"expired"`
	Forgotten int64 `json:"forgotten"`
	Matches   int64 `json:"matches"`
	Stored    int64 `json:"stored"`
	Events    int64 `json:"events"`
	Queues    int64 `json:"queues"`
}

func viewStats(s *matchq.Stats) statsView {
	return statsView{
		Enqueued: s.Enqueued, Waiting: s.Waiting, Proposed: s.Proposed, Matched: s.Matched, Cancelled: s.Cancelled,
		Expired: s.Expired, Forgotten: s.Forgotten, Matches: s.Matches, Stored: s.Stored, Events: s.Events, Queues: s.Queues,
	}
}
