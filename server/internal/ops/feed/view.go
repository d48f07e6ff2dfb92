// Package feed gathers the dashboard's data once for all watchers and sends them the changes. It names no player.
package feed

import (
	"strconv"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/ops/recorder"
)

// timestamp is a time in ms; 0 means none and is written as null.
type timestamp int64

func (s timestamp) MarshalJSON() ([]byte, error) {
	if s == 0 {
		return []byte("null"), nil
	}
	return strconv.AppendInt(nil, int64(s), 10), nil
}

func timestampOf(t time.Time) timestamp {
	if t.IsZero() {
		return 0
	}
	return timestamp(t.UnixMilli())
}

// config is this server's, and the rules for all queues.
type config struct {
	IntervalMs     int64  `json:"interval_ms"`
	MatchSize      int    `json:"match_size"`
	ReadyTimeoutMs int64  `json:"ready_timeout_ms"`
	Version        string `json:"version"`
	Node           string `json:"node"` // the node that answers
}

// rulesState is the rules that live queues have, and those for all queues.
type rulesState struct {
	Version  string         `json:"version"`
	Patterns []patternRules `json:"patterns"` // sorted
}

// patternRules is the rules of a pattern, as far as a list of queues shows them.
type patternRules struct {
	Pattern        string `json:"pattern"` // "" for the defaults
	IntervalMs     int64  `json:"interval_ms"`
	Size           int    `json:"size"`
	ReadyTimeoutMs int64  `json:"ready_timeout_ms"`
	TicketTTLMs    *int64 `json:"ticket_ttl_ms"` // nil if tickets never expire
	Policy         string `json:"policy"`
	Rules          int    `json:"rules"`      // how many are about the players of a match
	Unreadable     bool   `json:"unreadable"` // for this server, which leaves the queues to others
}

func patternRulesOf(r *matchq.StoredRules) patternRules {
	ttl := int64(-1)
	if r.Rules.TicketTTL != matchq.Never {
		ttl = r.Rules.TicketTTL.Milliseconds()
	}
	return patternRules{
		r.Pattern, max(0, r.Rules.Interval).Milliseconds(), r.Rules.Size, r.Rules.ReadyTimeout.Milliseconds(),
		available(ttl), r.Rules.Policy,
		len(r.Rules.Rules), r.Err != nil,
	}
}

type totals struct {
	Waiting     int64     `json:"waiting"`
	Proposed    int64     `json:"proposed"`
	Enqueued    int64     `json:"enqueued"`
	Matched     int64     `json:"matched"`
	Cancelled   int64     `json:"cancelled"`
	Expired     int64     `json:"expired"`
	Matches     int64     `json:"matches"`
	Queues      int64     `json:"queues"`
	OldestSince timestamp `json:"oldest_since"`

	WaitP50          *float64 `json:"wait_p50_ms"`
	WaitP95          *float64 `json:"wait_p95_ms"`
	WaitP99          *float64 `json:"wait_p99_ms"`
	MatchesPerMinute *float64 `json:"matches_per_minute"`
	ShareMatched     *float64 `json:"share_matched"`

	Games   int64 `json:"games"`
	Sockets int   `json:"sockets"`
	Nodes   int   `json:"nodes"`
}

type audit struct {
	OK       bool     `json:"ok"`
	Problems []string `json:"problems"`
	Unread   bool     `json:"unread"` // Redis answers, but the count can't be read: this is the last one
}

type redisState struct {
	Up          bool     `json:"up"`
	PingMs      *float64 `json:"ping_ms"`
	MemoryBytes *int64   `json:"memory_bytes"`
	Clients     *int64   `json:"clients"`
	ScriptUs    *float64 `json:"script_us"`    // average of a call
	ScriptShare *float64 `json:"script_share"` // share of one processor

	Refusal string    `json:"refusal"` // the code of its refusals, such as OOM; "" for none
	Refuses string    `json:"refuses"` // the same in words
	LostAt  timestamp `json:"lost_at"` // when this node last saw that it was replaced or emptied
}

// redisStateOf compares Redis's health with an earlier one.
func redisStateOf(h, before redisconn.Health, between time.Duration) redisState {
	s := redisState{Up: h.Up, MemoryBytes: available(h.Memory), Clients: available(h.Clients)}
	if h.Up {
		ms := float64(h.Ping.Microseconds()) / 1000
		s.PingMs = &ms
	}
	calls, took := h.ScriptCalls-before.ScriptCalls, h.ScriptTime-before.ScriptTime
	if before.ScriptCalls < 0 || calls <= 0 || between <= 0 { // the first reading, or another Redis
		return s
	}
	each, share := float64(took.Microseconds())/float64(calls), took.Seconds()/between.Seconds()
	s.ScriptUs, s.ScriptShare = &each, &share
	return s
}

func available(n int64) *int64 {
	if n < 0 {
		return nil
	}
	return &n
}

type node struct {
	ID          string    `json:"id"`
	Version     string    `json:"version"`
	StartedAt   timestamp `json:"started_at"`
	Sockets     int       `json:"sockets"`
	LeaseEndsAt timestamp `json:"lease_ends_at"`
	Self        bool      `json:"self"`
	Warning     string    `json:"warning"` // "" for none
}

type queue struct {
	Name         string    `json:"name"`
	Waiting      int       `json:"waiting"`
	Proposed     int       `json:"proposed"`
	OldestSince  timestamp `json:"oldest_since"`
	NextTickAt   timestamp `json:"next_tick_at"`
	MatchedTotal int64     `json:"matched_total"`
	Paused       bool      `json:"paused"`
	PolicyFailed bool      `json:"policy_failed"` // first come, first served replaces it
	Pattern      string    `json:"pattern"`       // whose rules it has; "" for the defaults
}

func queueOf(q *matchq.Queue) queue {
	return queue{
		Name: q.Name, Waiting: q.Waiting, Proposed: q.Proposed, OldestSince: timestampOf(q.OldestAt), NextTickAt: timestampOf(q.NextTick),
		MatchedTotal: q.Matches, Paused: q.Paused, PolicyFailed: !q.FallbackUntil.IsZero(),
	}
}

// expired are the tickets of a queue that expired lately.
type expired struct {
	Queue string `json:"queue"`
	Count int    `json:"count"`
}

type match struct {
	ID            string    `json:"id"`
	Queue         string    `json:"queue"`
	Size          int       `json:"size"`
	MadeAt        timestamp `json:"made_at"`
	LongestWaitMs int64     `json:"longest_wait_ms"`
	Rules         string    `json:"rules"` // the version that made it
}

func matchOf(m *matchq.Match) match {
	view := match{ID: m.ID, Queue: m.Queue, Size: len(m.Tickets), MadeAt: timestampOf(m.MadeAt), Rules: m.Rules}
	for i := range m.Tickets {
		view.LongestWaitMs = max(view.LongestWaitMs, m.Tickets[i].Waited.Milliseconds())
	}
	return view
}

// snapshot is everything that a dashboard shows.
type snapshot struct {
	Now     timestamp      `json:"now"`
	Config  config         `json:"config"`
	Rules   rulesState     `json:"rules"`
	Totals  totals         `json:"totals"`
	Audit   *audit         `json:"audit"` // nil until it is known
	Redis   redisState     `json:"redis"`
	Nodes   []node         `json:"nodes"`
	Queues  []queue        `json:"queues"`
	Expired []expired      `json:"expired"` // in the last five minutes, the most first
	Matches []match        `json:"matches"`
	Minutes []recorder.Row `json:"minutes"`
}

// change has the parts of a snapshot that changed.
type change struct {
	Now     timestamp      `json:"now"`
	Config  *config        `json:"config,omitempty"`
	Rules   *rulesState    `json:"rules,omitempty"`
	Totals  *totals        `json:"totals,omitempty"`
	Audit   *audit         `json:"audit,omitempty"`
	Redis   *redisState    `json:"redis,omitempty"`
	Nodes   []node         `json:"nodes,omitzero"` // an empty list differs from none
	Queues  *queueChange   `json:"queues,omitempty"`
	Expired []expired      `json:"expired,omitzero"` // an empty list differs from none
	Matches []match        `json:"matches,omitempty"`
	Minutes []recorder.Row `json:"minutes,omitempty"`
}

type queueChange struct {
	Set  []queue  `json:"set"`
	Gone []string `json:"gone"`
}
