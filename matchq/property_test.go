package matchq_test

import (
	"context"
	"fmt"
	"log/slog"
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
	failing bool // the policy always fails, and so FIFO replaces it
	*model
	ctx      context.Context
	m        *matchq.Matcher
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
  for i = 1, batch.n do
    local group = by[batch[i].rating] or {}
    by[batch[i].rating] = group
    group[#group + 1] = i
    if #group == size then
      for _, position in ipairs(group) do order[#order + 1] = position end
      by[batch[i].rating] = {}
    end
  end
  return order
end`

// shortTTL has passed when the operation that queued the ticket ends.
const shortTTL = time.Millisecond

func newMachine(t *rapid.T, env *matchqtest.Env, hook *testkit.Repeater) *machine {
	policy := rapid.SampledFrom([]string{"fifo", "fifo", "fifo", "random", "picky", "failing"}).Draw(t, "policy")
	cfg := matchq.Config{
		Namespace: "test-" + xid.New().String(),
		Size:      rapid.SampledFrom([]int{2, 2, 3, 5, 16}).Draw(t, "size"),
		Limit:     rapid.SampledFrom([]int{32, 32, 100}).Draw(t, "limit"),
		Retention: rapid.SampledFrom([]time.Duration{time.Second, 2 * time.Minute}).Draw(t, "retention"),
		Timeout:   10 * time.Second, // shared machines stall at times
	}
	switch policy {
	case "random":
		cfg.Policy = matchq.Random()
	case "picky":
		cfg.Policy = matchq.LuaPolicy("picky", picky)
	case "failing":
		cfg.Policy = matchq.LuaPolicy("failing", "return function(batch) batch.n = 0 error(batch[1].id) end")
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	if rapid.Bool().Draw(t, "asks") {
		cfg.ReadyTimeout = 5 * time.Second
		if env.Embedded == nil {
			cfg.ReadyTimeout = time.Hour
		}
	}
	m, err := matchq.New(env.Client, cfg)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Tick(context.Background(), "none"); err != nil { // agrees on the configuration
		t.Fatal(err)
	}
	s := &machine{
		ctx: context.Background(), m: m, hook: hook, rdb: env.Client, embedded: env.Embedded,
		cursor: matchq.FromOldest, names: []string{"q0", "q1", "q2"},
	}
	var now time.Time
	if s.embedded != nil {
		now = time.UnixMilli(1_700_000_000_000 + rapid.Int64Range(0, 9999).Draw(t, "start"))
		s.embedded.SetTime(now)
	}
	s.model = newModel(m.Config(), now)
	s.fifo = policy == "fifo" || policy == "failing"
	s.failing = policy == "failing"
	return s
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
