package matchq_test

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestModelOfALoss is TestModel on a Redis that at times loses the newest acknowledged writes: a replica that lagged
// takes over. The Matcher must then follow the model as it was when the replica stopped, and a watcher must miss nothing
// without a word. To search for more use -rapid.checks=500.
func TestModelOfALoss(t *testing.T) {
	t.Parallel()
	testkit.Checks(t, 6)
	env := matchqtest.Real(t)
	hook := &testkit.Repeater{}
	env.Client.AddHook(hook)
	lag := testkit.MeasureLag(t, env.Client)
	replica := matchqtest.Start(t, "--repl-diskless-sync-delay", "0")
	snapshot := func() (failover func()) { return env.Server.SnapshotOn(t, replica) }
	snapshot() // a server's first replica gives it another identity
	rapid.Check(t, func(t *rapid.T) {
		s := newLossy(t, env, hook, snapshot)
		s.lag = lag
		defer func() { s.follower.stop() }()
		actions := s.actions()
		actions["is copied"] = func(*rapid.T) { s.copyNow() }
		actions["loses"] = s.lose
		t.Repeat(actions)
		s.lose(t)
		for _, name := range s.names {
			if err := s.tick(name, false); err != nil {
				t.Fatal(err)
			}
		}
		s.settleLoss(t)
		s.checkAll(t)
	})
}

// lossyMachine is a machine whose Redis has a replica that lags.
type lossyMachine struct {
	*machine
	snapshot func() (failover func())
	failover func() // to the replica
	copied   *model // its content
	copiedAt string // the last event of it
	unborn   bool   // it does not know the namespace
	reborn   bool   // nor did it when it took over
	follower *follower
	onLoss   chan struct{}
	unheard  bool // it was not checked yet that the last loss is known
	heard    bool // a loss was known: OnLoss may be called again
	lag      func() time.Duration
}

func newLossy(t *rapid.T, env *matchqtest.Env, hook *testkit.Repeater, snapshot func() func()) *lossyMachine {
	s := &lossyMachine{snapshot: snapshot, onLoss: make(chan struct{}, 100), unborn: rapid.Bool().Draw(t, "copied unborn")}
	if s.unborn {
		s.failover = snapshot()
	}
	s.machine = newMachine(t, env, hook)
	cfg := s.m.Config()
	cfg.OnLoss = func() { s.onLoss <- struct{}{} }
	cfg.Logger = slog.New(slog.DiscardHandler)
	var err error
	if s.m, err = matchq.New(env.Client, cfg); err == nil {
		err = s.m.LookAtRedis(s.ctx) // a loss before the first look is not seen
	}
	if err != nil {
		t.Fatal(err)
	}
	if s.unborn {
		s.copied, s.copiedAt = s.clone(), s.cursor
	} else {
		s.copyNow()
	}
	s.follower = startFollower(s.m, s.cursor, 0)
	return s
}

// copyNow brings the replica up to date.
func (s *lossyMachine) copyNow() {
	s.failover, s.copied, s.copiedAt, s.unborn = s.snapshot(), s.clone(), s.cursor, false
}

// lose has the replica take over, and compares all that is known with the model as it was.
func (s *lossyMachine) lose(t *rapid.T) {
	s.settleLoss(t)
	if rapid.Bool().Draw(t, "all was told") {
		if err := s.follower.until(t, s.cursor); err != nil {
			t.Fatal(err)
		}
	}
	if !s.heard && len(s.onLoss) > 0 {
		t.Fatal("told of a loss before the first one")
	}
	before := s.model
	if _, _, err := s.m.AllRules(s.ctx); err != nil { // those that it stores again if they are lost altogether
		t.Fatal(err)
	}
	s.failover()
	s.model, s.cursor, s.reborn, s.unheard = s.copied.clone(), s.copiedAt, s.unborn, true
	if s.unborn {
		s.cfg, s.fifo, s.failing = before.cfg, before.fifo, before.failing
	}
	for _, check := range []func(*rapid.T, *model) error{
		s.checkLost, s.checkPositions, s.enqueueLost, s.cancelRisen,
	} {
		if err := check(t, before); err != nil {
			t.Fatal(err)
		}
	}
	s.checkAll(t)
}

// checkLost looks up all that was known before a loss.
func (s *lossyMachine) checkLost(_ *rapid.T, before *model) error {
	ids := slices.Sorted(maps.Keys(before.tickets))
	states, err := s.m.States(s.ctx, ids...)
	for i, id := range ids {
		want := matchq.State("")
		if t := s.tickets[id]; t != nil {
			want = t.State
		}
		if err == nil && states[i] != want {
			err = fmt.Errorf("ticket %s is %q after the loss, but must be %q", id, states[i], want)
		}
		err = errors.Join(err, s.checkTicket(id))
	}
	for player := range before.latest {
		err = errors.Join(err, s.checkPlayer(player))
	}
	for id, match := range before.matches {
		err = errors.Join(err, s.checkMatch(id))
		if s.matches[id] != nil {
			continue
		}
		if _, failed := s.m.Accept(s.ctx, id, match.Players()[0]); !errors.Is(failed, matchq.ErrNotFound) {
			err = errors.Join(err, fmt.Errorf("accept match %s, which was lost: %w", id, failed))
		}
	}
	return err
}

// enqueueLost queues a player of a lost ticket again, perhaps with the same id.
func (s *lossyMachine) enqueueLost(t *rapid.T, before *model) error {
	lost := chosen(before, func(id string) bool { return s.tickets[id] == nil })
	if len(lost) == 0 {
		return nil
	}
	of := before.tickets[rapid.SampledFrom(lost).Draw(t, "lost")]
	r := matchq.Request{Queue: of.Queue, Player: of.Player, TTL: matchq.Never}
	if rapid.Bool().Draw(t, "with its id") {
		r.ID = of.ID
	}
	ticket, err := s.m.Enqueue(s.ctx, r)
	return s.settle([]matchq.Request{r}, []matchq.Result{{Ticket: ticket, Err: err}})
}

// cancelRisen cancels a ticket that had ended and lives again.
func (s *lossyMachine) cancelRisen(t *rapid.T, before *model) error {
	risen := chosen(before, func(id string) bool { return !before.tickets[id].lives() && s.tickets[id].lives() })
	if len(risen) == 0 {
		return nil
	}
	return s.cancel(rapid.SampledFrom(risen).Draw(t, "risen"))
}

func chosen(m *model, is func(id string) bool) []string {
	return slices.DeleteFunc(slices.Sorted(maps.Keys(m.tickets)), func(id string) bool { return !is(id) })
}

// clone is a copy of a model that later operations don't change.
func (m *model) clone() *model {
	c := *m
	c.tickets, c.queues, c.matches = map[string]*modelTicket{}, map[string]*modelQueue{}, map[string]*modelMatch{}
	c.latest, c.told, c.sequels = maps.Clone(m.latest), slices.Clone(m.told), maps.Clone(m.sequels)
	for id, t := range m.tickets {
		c.tickets[id] = new(*t)
	}
	for name, q := range m.queues {
		c.queues[name] = new(*q)
		c.queues[name].line = slices.Clone(q.line)
	}
	for id, match := range m.matches {
		c.matches[id] = new(*match)
		c.matches[id].Accepted, c.matches[id].reasons = slices.Clone(match.Accepted), maps.Clone(match.reasons)
	}
	return &c
}
