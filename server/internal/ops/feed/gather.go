package feed

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/ops/recorder"
)

const (
	redisEvery   = 2 * time.Second
	minutesEvery = 2 * time.Second
	maxMatches   = 20

	// Reading all queues costs Redis more with their number. It may take one fiftieth of the time.
	queuesSpacing = 50
	queuesAtMost  = 10 * time.Second
)

// gatherer reads all parts of a snapshot, each at its own interval. A part that can't be read stays as it was.
type gatherer struct {
	Options

	history *recorder.History
	trouble *trouble
	now     snapshot
	health  redisconn.Health
	asked   time.Time // time of health
	lost    time.Time // the last loss, by this node's clock
	lostAt  timestamp // the same by Redis's
	unruled bool      // the queues' patterns are yet to be found
	listed  int64     // number of matches when the list was read

	queuesDue, minutesDue time.Time
}

// begin drops old data.
func (g *gatherer) begin() {
	g.now = snapshot{Config: config{Version: g.Version, Node: g.Node}, Rules: rulesState{Patterns: []patternRules{}}, Nodes: []node{}, Queues: []queue{}, Expired: []expired{}, Matches: []match{}, Minutes: []recorder.Row{}}
	g.health = redisconn.Health{ScriptCalls: -1}
	g.listed, g.lost, g.lostAt = 0, time.Time{}, 0
	g.asked, g.queuesDue, g.minutesDue = time.Time{}, time.Time{}, time.Time{}
}

// all reads the parts that are due and returns an immutable snapshot.
func (g *gatherer) all(ctx context.Context) *snapshot {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	g.look(ctx)
	if g.now.Redis.Up && !g.read(ctx) {
		g.now.Redis = g.redisState(redisconn.Health{}, redisconn.Health{}, 0)
	}
	if g.now.Now != 0 {
		g.sum()
		g.now.Expired = g.trouble.expired(g.time())
	}
	now := g.now
	return &now
}

// look asks Redis how it is; every second time only whether it answers.
func (g *gatherer) look(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	if g.now.Redis.Up && time.Since(g.asked) < redisEvery && g.Redis.Answers(ctx, g.Matcher.HashTag()) {
		g.now.Redis = g.judged(g.now.Redis)
		return
	}
	health, asked := g.Redis.Health(ctx, g.Matcher.HashTag()), time.Now()
	g.now.Redis = g.redisState(health, g.health, asked.Sub(g.asked))
	g.health, g.asked = health, asked
}

// redisState compares Redis's health with an earlier one, and adds what else is known of it.
func (g *gatherer) redisState(h, before redisconn.Health, between time.Duration) redisState {
	return g.judged(redisStateOf(h, before, between))
}

// judged adds the refusal of Redis, and when it was emptied.
func (g *gatherer) judged(s redisState) redisState {
	s.Refusal, s.Refuses = "", ""
	if refused := g.Refusal(); refused != nil {
		s.Refusal, s.Refuses = cmp.Or(refused.Refusal, "ERR"), refused.Message
	}
	if lost := g.trouble.lastLoss(); !lost.Equal(g.lost) && g.now.Now != 0 {
		g.lost, g.lostAt = lost, timestampOf(g.time().Add(-time.Since(lost)))
	}
	s.LostAt = g.lostAt
	return s
}

// read reads all parts. It is false if Redis stopped to answer meanwhile: a frozen one would else hold the news for as
// long as the reads may take.
func (g *gatherer) read(ctx context.Context) (answers bool) {
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	watching := time.AfterFunc(patience, func() {
		asking, cancel := context.WithTimeout(ctx, pingTimeout)
		defer cancel()
		if !g.Redis.Answers(asking, g.Matcher.HashTag()) {
			stop(errFrozen)
		}
	})
	defer watching.Stop()
	for _, read := range []func(context.Context) error{g.totals, g.games, g.queues, g.rules, g.matches, g.nodes, g.minutes} {
		if err := read(ctx); err != nil {
			g.Log.Debug("the dashboard is incomplete", "error", err)
		}
		if errors.Is(context.Cause(ctx), errFrozen) {
			return false
		}
	}
	return true
}

var errFrozen = errors.New("redis does not answer")

// rules are those of the live queues, and those for all. It asks Redis for nothing: the node keeps its rules current.
func (g *gatherer) rules(ctx context.Context) error {
	all, err := g.Matcher.Rules(ctx, "*")
	if err != nil {
		return err
	}
	if !g.unruled && all.Version == g.now.Rules.Version {
		return nil
	}
	c := &g.now.Config
	c.IntervalMs, c.MatchSize = max(0, all.Rules.Interval).Milliseconds(), all.Rules.Size
	c.ReadyTimeoutMs = all.Rules.ReadyTimeout.Milliseconds()
	known := map[string]patternRules{all.Pattern: patternRulesOf(&all)}
	queues := slices.Clone(g.now.Queues) // a snapshot does not change
	for i := range queues {
		r, err := g.Matcher.Rules(ctx, queues[i].Name)
		if err != nil {
			return err
		}
		if queues[i].Pattern = r.Pattern; known[r.Pattern].Size == 0 {
			known[r.Pattern] = patternRulesOf(&r)
		}
	}
	g.now.Queues, g.unruled = queues, false
	g.now.Rules = rulesState{all.Version, make([]patternRules, 0, len(known))}
	for _, pattern := range slices.Sorted(maps.Keys(known)) {
		g.now.Rules.Patterns = append(g.now.Rules.Patterns, known[pattern])
	}
	return nil
}

func (g *gatherer) totals(ctx context.Context) error {
	report, err := g.Matcher.Audit(ctx)
	if err != nil {
		if g.now.Audit == nil {
			g.now.Audit = &audit{Problems: []string{}}
		}
		g.now.Audit = &audit{g.now.Audit.OK, g.now.Audit.Problems, true} // a snapshot does not change
		return err
	}
	t := &g.now.Totals
	t.Waiting, t.Proposed, t.Enqueued, t.Matched = report.Waiting, report.Proposed, report.Enqueued, report.Matched
	t.Cancelled, t.Expired, t.Matches = report.Cancelled, report.Expired, report.Matches
	t.Queues = report.Queues
	g.now.Now = timestampOf(report.At)
	g.now.Audit = &audit{report.OK(), append([]string{}, report.Problems...), false}
	return nil
}

func (g *gatherer) games(ctx context.Context) error {
	open, err := g.Rooms.Count(ctx)
	if err == nil {
		g.now.Totals.Games = open
	}
	return err
}

func (g *gatherer) queues(ctx context.Context) error {
	began := time.Now()
	if began.Before(g.queuesDue) {
		return nil
	}
	queues, err := g.Queues.All(ctx)
	g.queuesDue = time.Now().Add(min(queuesSpacing*time.Since(began), queuesAtMost) - gatherEvery/2) // half an interval less, so that the next round is not just too early
	if err != nil {
		return err
	}
	views, oldest := make([]queue, len(queues)), timestamp(0)
	for i := range queues {
		views[i] = queueOf(&queues[i])
		if at := views[i].OldestSince; at != 0 && (oldest == 0 || at < oldest) {
			oldest = at
		}
	}
	g.now.Queues, g.now.Totals.OldestSince, g.unruled = views, oldest, true
	return nil
}

func (g *gatherer) minutes(ctx context.Context) error {
	if time.Now().Before(g.minutesDue) || g.now.Now == 0 {
		return nil
	}
	err := g.history.Update(ctx, g.time())
	if rows := g.history.Rows(); rows != nil {
		g.now.Minutes = rows
	}
	if err == nil {
		g.minutesDue = time.Now().Add(minutesEvery)
	}
	return err
}

// matches reads the newest matches if there are more than before.
func (g *gatherer) matches(ctx context.Context) error {
	if g.listed == g.now.Totals.Matches {
		return nil
	}
	latest, err := g.Matcher.RecentMatches(ctx, maxMatches)
	if err != nil {
		return err
	}
	if g.listed = g.now.Totals.Matches; len(latest) == 0 { // the matches are forgotten, and stay the last ones
		return nil
	}
	matches := make([]match, 0, maxMatches)
	for i := range latest {
		matches = append(matches, matchOf(&latest[i]))
	}
	for _, older := range g.now.Matches {
		if len(matches) < maxMatches && older.MadeAt < matches[len(matches)-1].MadeAt {
			matches = append(matches, older)
		}
	}
	g.now.Matches = matches
	return nil
}

func (g *gatherer) nodes(ctx context.Context) error {
	found, err := g.Presence.Nodes(ctx)
	if err != nil {
		return err
	}
	nodes, sockets := make([]node, len(found)), 0
	for i := range found {
		n := &found[i]
		nodes[i] = node{n.ID, n.Version, timestampOf(n.Started), n.Connections, timestampOf(n.LeaseEnds), n.ID == g.Node, n.Note}
		sockets += n.Connections
	}
	g.now.Nodes, g.now.Totals.Sockets, g.now.Totals.Nodes = nodes, sockets, len(nodes)
	return nil
}

// sum adds the recent past to the totals.
func (g *gatherer) sum() {
	n, t := g.history.Now(g.time()), &g.now.Totals
	t.WaitP50, t.WaitP95, t.WaitP99 = n.WaitP50, n.WaitP95, n.WaitP99
	t.MatchesPerMinute, t.ShareMatched = n.MatchesPerMinute, n.ShareMatched
}

// time is Redis's last known time.
func (g *gatherer) time() time.Time { return time.UnixMilli(int64(g.now.Now)) }
