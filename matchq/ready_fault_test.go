package matchq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/lua"
	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// asks returns the same matchers with a ready check, on a new namespace in which some players wait.
func (s *spoiled) asks(t *testing.T, ready time.Duration, players ...string) (calm, m *matchq.Matcher, client redis.UniversalClient) {
	t.Helper()
	cfg := matchq.Config{ReadyTimeout: ready}
	space, through := *s.env, *s.env
	space.Namespace += "-asks"
	through.Namespace, through.Client = space.Namespace, s.proxy.Client(t)
	calm, m = newMatcher(t, &space, cfg), newMatcher(t, &through, cfg)
	for _, player := range players {
		enqueue(t, calm, "history", player)
	}
	return calm, m, through.Client
}

// load loads a script into Redis, since a call of a script that is not loaded has another form.
func load(t *testing.T, env *matchqtest.Env, name string) {
	t.Helper()
	source, err := lua.Source(name)
	if err != nil {
		t.Fatal(err)
	}
	if err := redis.NewScript(source).Load(t.Context(), env.Client).Err(); err != nil {
		t.Fatal(err)
	}
}

func loseAnswer(t *testing.T, s *spoiled) {
	load(t, s.env, "match/answer")
	calm, m, _ := s.asks(t, time.Hour, "alice", "bob")
	match := propose(t, calm, "history")
	before := position(t, calm)
	if err := m.Decline(t.Context(), match.ID, "bob"); err != nil {
		t.Error(err)
	}
	for _, ev := range take(t, calm, before, 2) {
		if ev.MatchID != match.ID || ev.Reason != matchq.ReasonDeclined {
			t.Errorf("event: %+v", ev)
		}
	}
	checkState(t, calm, match.Tickets[0].ID, matchq.Waiting, 3) // restored once
	checkAudit(t, calm)
}

func loseSettle(t *testing.T, s *spoiled) {
	load(t, s.env, "match/settle")
	calm, m, _ := s.asks(t, 100*time.Millisecond)
	match := acceptInTime(t, calm, "history", 2, 0)
	before := position(t, calm)
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- m.Run(ctx) }()
	for _, ev := range take(t, calm, before, 2) {
		if ev.MatchID != match.ID || ev.Reason != matchq.ReasonNoAnswer {
			t.Errorf("event: %+v", ev)
		}
	}
	matchqtest.Eventually(t, "the replies are lost", func() bool { return s.proxy.Left() == 0 })
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	checkState(t, calm, match.Tickets[0].ID, matchq.Waiting, 3)
	checkAudit(t, calm)
}

func loseWithdraw(t *testing.T, s *spoiled) {
	load(t, s.env, "match/withdraw")
	calm, m, _ := s.asks(t, time.Hour, "alice", "bob")
	before := position(t, calm)
	if err := m.Withdraw(t.Context(), "friends", time.Time{}, "alice", "bob", "carol"); err != nil {
		t.Error(err)
	}
	for _, ev := range take(t, calm, before, 2) {
		if ev.Kind != matchq.Cancelled || ev.Reason != "friends" {
			t.Errorf("event: %+v", ev)
		}
	}
	if stats, err := calm.Stats(t.Context()); err != nil || stats.Cancelled != 2 || stats.Queues != 0 {
		t.Errorf("stats: %+v, %v", stats, err)
	}
	checkAudit(t, calm)
}

// An enqueue got no answer, and its ticket is proposed before that is noticed: it is voided nevertheless.
func TestReadyVoidTicketsDecline(t *testing.T) {
	s := spoil(t, patient)
	calm, m, client := s.asks(t, time.Hour)
	before := position(t, calm)
	proposed := make(chan matchq.Match, 1)
	client.AddHook(&beforeCall{hash: string(testkit.HashOf(t, "match/cancel")), number: 1, do: func() {
		enqueue(t, calm, "music", "dave")
		proposed <- propose(t, calm, "music")
	}})
	s.proxy.LoseReplies(testkit.HashOf(t, "match/enqueue"), enqueueTries)
	_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "music", Player: "carol"})
	if _, ok := errors.AsType[*matchq.UnknownError](err); !ok {
		t.Fatalf("enqueue without an answer: %v", err)
	}
	match := <-proposed
	for _, ev := range take(t, calm, before, 3)[1:] {
		if ev.MatchID != match.ID || ev.Reason != matchq.ReasonVoid {
			t.Errorf("event: %+v", ev)
		}
	}
	checkState(t, calm, match.Tickets[1].ID, matchq.Waiting, 3)
	checkAudit(t, calm)
}

// beforeCall runs a function before the nth call of a script.
type beforeCall struct {
	testkit.Repeater

	hash   string
	number int
	do     func()
}

func (b *beforeCall) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if cmd.Name() == "evalsha" && cmd.Args()[1] == b.hash {
			if b.number--; b.number == 0 {
				b.do()
			}
		}
		return next(ctx, cmd)
	}
}

// While a queue is drained, an old ticket is proposed with a new one; the new one then waits again.
func TestReadyDrainSparesNewcomers(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.UnixMilli(1_700_000_000_000)
	env.Embedded.SetTime(now)
	m := newMatcher(t, env, matchq.Config{ReadyTimeout: time.Hour, Limit: 32})
	tickets := enqueueMany(t, m, "history", 41)
	load(t, env, "match/drain")
	var newcomer matchq.Ticket
	env.Client.AddHook(&beforeCall{hash: string(testkit.HashOf(t, "match/drain")), number: 2, do: func() {
		env.Embedded.SetTime(now.Add(time.Millisecond))
		newcomer = enqueue(t, m, "history", "newcomer")
		if report, err := m.Tick(t.Context(), "history"); err != nil || report.Matches != 5 {
			t.Fatalf("tick: %+v, %v", report, err)
		}
	}})
	if drained, err := m.Drain(t.Context(), "history"); err != nil || drained != len(tickets) {
		t.Errorf("drained %d, %v", drained, err)
	}
	checkState(t, m, newcomer.ID, matchq.Waiting, 3)
	if got := checkState(t, m, tickets[40].ID, matchq.Cancelled, 3); got.Reason != matchq.ReasonDrained {
		t.Errorf("drained: %+v", got)
	}
	checkWaiting(t, m, "history", 1)
	checkAudit(t, m)
	// All proposed tickets are drained too.
	enqueueMany(t, m, "music", 64)
	if _, err := m.Tick(t.Context(), "music"); err != nil {
		t.Fatal(err)
	}
	if drained, err := m.Drain(t.Context(), "music"); err != nil || drained != 64 {
		t.Errorf("drained %d, %v", drained, err)
	}
	if queue, err := m.Queue(t.Context(), "music"); err != nil || queue.Proposed != 0 || !queue.NextTick.IsZero() {
		t.Errorf("queue: %+v, %v", queue, err)
	}
	checkAudit(t, m)
}
