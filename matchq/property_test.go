package matchq_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/rs/xid"
	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestModel runs random operations on a Matcher and on the model, and compares them after each. To repeat a failure use
// the flags that rapid prints; to search for more use -rapid.checks=5000.
func TestModel(t *testing.T) {
	t.Parallel()
	testkit.Checks(t, 25)
	for name, start := range map[string]func(testing.TB) *matchqtest.Env{
		"embedded": matchqtest.Embedded, "redis": matchqtest.Real,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := start(t)
			hook := &testkit.Repeater{}
			env.Client.AddHook(hook)
			rapid.Check(t, func(t *rapid.T) {
				s := newMachine(t, env, hook)
				t.Repeat(s.actions())
				s.checkAll(t)
				s.checkNothingStays(t)
			})
		})
	}
}

// machine runs each operation on a Matcher and on the model.
type machine struct {
	*model
	ctx      context.Context
	m        *matchq.Matcher
	other    *matchq.Matcher // of another process
	hook     *testkit.Repeater
	rdb      redis.UniversalClient
	embedded *miniredis.Miniredis
	cursor   string // id of the last event seen
	names    []string
	fresh    int // number of new players so far
}

// picky matches only players with equal ratings, so that a batch of several calls skips some.
const picky = `return function(batch, size)
  local by, order = {}, {}
  for i = 1, #batch do
    local rating = batch[i].rating or "none"
    local group = by[rating] or {}
    by[rating] = group
    group[#group + 1] = i
    if #group == size then
      for _, position in ipairs(group) do order[#order + 1] = position end
      by[rating] = {}
    end
  end
  return order
end`

// shortTTL has passed when the operation that queued the ticket ends.
const shortTTL = time.Millisecond

func newMachine(t *rapid.T, env *matchqtest.Env, hook *testkit.Repeater) *machine {
	policy, first := anyRules(t, env.Embedded != nil)
	cfg := matchq.Config{
		Namespace: "test-" + xid.New().String(),
		Limit:     rapid.SampledFrom([]int{32, 32, 100}).Draw(t, "limit"),
		Retention: rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Minute}).Draw(t, "retention"),
		Timeout:   matchqtest.Patience, // shared machines stall at times
		Logger:    quiet,
		Rules:     map[string]matchq.Rules{"*": first},
	}
	s := &machine{
		ctx: context.Background(), m: newModelled(t, env, cfg), hook: hook, rdb: env.Client, embedded: env.Embedded,
		cursor: matchq.FromOldest, names: []string{"q0", "q1", "q2"},
		other: newModelled(t, env, matchq.Config{Namespace: cfg.Namespace, Retention: cfg.Retention, Timeout: cfg.Timeout, Logger: quiet}),
	}
	var now time.Time
	if s.embedded != nil {
		now = time.UnixMilli(1_700_000_000_000 + rapid.Int64Range(0, 9999).Draw(t, "start"))
		s.embedded.SetTime(now)
	}
	s.model = newModel(s.m.Config(), now)
	s.cfg.Interval = first.Interval
	s.takeRules(policy, first)
	return s
}

// newModelled makes a Matcher that has agreed on the configuration.
func newModelled(t *rapid.T, env *matchqtest.Env, cfg matchq.Config) *matchq.Matcher {
	m, err := matchq.New(env.Client, cfg)
	if err == nil {
		_, err = m.Tick(context.Background(), "none")
	}
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func (s *machine) actions() map[string]func(*rapid.T) {
	actions := map[string]func(*rapid.T){}
	for name, operation := range map[string]func(*rapid.T) error{
		"":          s.checkSome,
		"enqueue":   s.doEnqueue,
		"enqueue 2": s.doEnqueue, // a second entry: more often than the others
		"several":   s.doSeveral,
		"crowd":     s.doCrowd,
		"late":      s.doLate,
		"cancel":    s.doCancel,
		"give up":   s.doCancelPlayer,
		"tick":      s.doTick,
		"tick once": s.doTickOnce,
		"pause":     s.doPause,
		"drain":     s.doDrain,
		"accept":    s.doAccept,
		"accept 2":  s.doAccept,
		"decline":   s.doDecline,
		"withdraw":  s.doWithdraw,
		"rules":     s.doRules,
		"assign":    s.doAssign,
		"release":   s.doRelease,
		"release 2": s.doRelease,
	} {
		actions[name] = func(t *rapid.T) {
			if err := operation(t); err != nil {
				t.Fatal(err)
			}
		}
	}
	if s.embedded != nil {
		actions["time passes"] = s.doAdvance
		actions["settle"] = func(t *rapid.T) {
			if err := s.settleAll(); err != nil {
				t.Fatal(err)
			}
		}
		actions["forget"] = func(t *rapid.T) {
			if err := s.forgetAll(); err != nil {
				t.Fatal(err)
			}
		}
	}
	return actions
}

// repeated runs the next script call twice, half of the time.
func (s *machine) repeated(t *rapid.T) (stop func() bool) {
	if rapid.Bool().Draw(t, "repeated") {
		s.hook.Next("", nil)
	}
	return s.hook.Stop
}

// sync applies the events of an operation to the model, if each is allowed.
func (s *machine) sync(may func(*matchq.Event) error) error {
	newest, err := s.newest()
	if err != nil || newest == "" || newest == s.cursor {
		return err
	}
	for ev, err := range s.m.Watch(s.ctx, s.cursor) {
		if err != nil {
			return err
		}
		if err := may(&ev); err != nil {
			return err
		}
		if err := s.end(&ev); err != nil {
			return err
		}
		s.cursor = ev.ID
		if s.cursor == newest {
			break
		}
	}
	return nil
}

// newest returns the id of the last event, "" if there is none.
func (s *machine) newest() (string, error) {
	entries, err := s.rdb.XRevRangeN(s.ctx, "{"+s.cfg.Namespace+"}:events", "+", "-", 1).Result()
	if err != nil || len(entries) == 0 {
		return "", err
	}
	var size, count int
	_, err = fmt.Sscan(fmt.Sprint(entries[0].Values["size"], " ", entries[0].Values["count"]), &size, &count)
	return fmt.Sprintf("%s-%d", entries[0].ID, count/size-1), err
}

// checkSome compares the totals, the queues, and some tickets.
func (s *machine) checkSome(t *rapid.T) error {
	got, err := s.m.Stats(s.ctx)
	if err != nil {
		return err
	}
	want := s.stats
	want.Events, want.Queues, want.At = got.Events, got.Queues, got.At
	if got != want {
		return fmt.Errorf("stats are %+v, but must be %+v", got, want)
	}
	for _, name := range s.names {
		if err := s.checkQueue(name); err != nil {
			return err
		}
	}
	if len(s.tickets) > 0 {
		if err := s.checkTicket(rapid.SampledFrom(s.known()).Draw(t, "looked up")); err != nil {
			return err
		}
	}
	if err := s.checkMatch(s.anyMatch(t)); err != nil {
		return err
	}
	return s.checkPlayer(rapid.SampledFrom(somePlayers).Draw(t, "player looked up"))
}

// known returns the ids of tickets in an order that is the same in each run, as far as ids are.
func (s *machine) known() []string {
	var ids []string
	for id := range s.tickets {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// checkAll compares the whole state.
func (s *machine) checkAll(t *rapid.T) {
	audit, err := s.m.AuditDeep(s.ctx)
	if err != nil || !audit.OK() {
		t.Fatalf("audit: %q, %v", audit.Problems, err)
	}
	for _, id := range s.known() {
		if err := s.checkTicket(id); err != nil {
			t.Fatal(err)
		}
	}
	for player := range s.latest {
		if err := s.checkPlayer(player); err != nil {
			t.Fatal(err)
		}
	}
	for id := range s.matches {
		if err := s.checkMatch(id); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.checkEvents(); err != nil {
		t.Fatal(err)
	}
}
