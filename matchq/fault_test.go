package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// spoiled is a namespace on a real server, with a matcher that reaches it directly and one behind a proxy.
type spoiled struct {
	env   *matchqtest.Env
	calm  *matchq.Matcher
	m     *matchq.Matcher
	proxy *testkit.Proxy
}

// spoil prepares both and loads all scripts, since a call of a script that is not loaded has another form.
func spoil(t *testing.T, cfg matchq.Config) *spoiled {
	t.Helper()
	env := matchqtest.Real(t)
	s := &spoiled{env: env, calm: newMatcher(t, env, cfg), proxy: testkit.NewProxy(t, env.Server.Addr)}
	through := *env
	through.Client = s.proxy.Client(t)
	s.m = newMatcher(t, &through, cfg)
	warm := enqueue(t, s.m, "warm", "warm")
	if _, err := s.m.Tick(t.Context(), "warm"); err != nil {
		t.Fatal(err)
	}
	if err := s.m.Cancel(t.Context(), warm.ID, ""); err != nil {
		t.Fatal(err)
	}
	return s
}

// patient is a configuration with enough time for the driver to repeat a call.
var patient = matchq.Config{Timeout: matchqtest.Patience}

// TestLostReplies loses the reply of a call once, and for each repeat by the driver. The result must be as if the reply
// had come.
func TestGuarantee5LostReplies(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]func(*testing.T, *spoiled){
		"enqueue": loseEnqueue, "cancel": loseCancel, "tick": loseTick, "drain": loseDrain,
		"answer": loseAnswer, "settle": loseSettle, "withdraw": loseWithdraw,
	} {
		for _, times := range []int{1, 3} {
			t.Run(fmt.Sprintf("%s/%d", name, times), func(t *testing.T) {
				s := spoil(t, patient)
				s.proxy.LoseReplies(testkit.HashOf(t, "match/"+name), times)
				test(t, s)
				if left := s.proxy.Left(); left > 0 {
					t.Errorf("%d replies were not lost", left)
				}
				checkAudit(t, s.calm)
			})
		}
	}
}

func loseEnqueue(t *testing.T, s *spoiled) {
	ticket := enqueue(t, s.m, "history", "alice")
	got, err := s.calm.Ticket(t.Context(), ticket.ID)
	if err != nil || got.State != matchq.Waiting || !got.EnqueuedAt.Equal(ticket.EnqueuedAt) {
		t.Errorf("ticket: %+v, %v; enqueue returned %+v", got, err, ticket)
	}
	checkWaiting(t, s.calm, "history", 1)
	var duplicate *matchq.DuplicateError
	_, err = s.m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice"})
	if !errors.As(err, &duplicate) || duplicate.Ticket.ID != ticket.ID {
		t.Errorf("second enqueue: %v", err)
	}
}

func loseCancel(t *testing.T, s *spoiled) {
	ticket := enqueue(t, s.m, "history", "alice")
	before := position(t, s.calm)
	if err := s.m.Cancel(t.Context(), ticket.ID, ""); err != nil {
		t.Error(err)
	}
	enqueue(t, s.m, "history", "alice") // its end must be the second event: the first is neither lost nor repeated
	if _, err := s.calm.Drain(t.Context(), "history"); err != nil {
		t.Fatal(err)
	}
	events := take(t, s.calm, before, 2)
	if events[0].Ticket.ID != ticket.ID || events[0].Ticket.Reason != "" || events[1].Ticket.Reason != matchq.ReasonDrained {
		t.Errorf("events: %+v", events)
	}
}

func loseTick(t *testing.T, s *spoiled) {
	before := position(t, s.calm)
	a, b := enqueue(t, s.m, "history", "alice"), enqueue(t, s.m, "history", "bob")
	c := enqueue(t, s.m, "history", "carol")
	report, err := s.m.Tick(t.Context(), "history")
	if err != nil || report.Left != 1 {
		t.Errorf("tick: %+v, %v", report, err)
	}
	if got := idsOf(take(t, s.calm, before, 1)[0].Tickets()); got[0] != a.ID || got[1] != b.ID {
		t.Errorf("matched %v", got)
	}
	if stats, err := s.calm.Stats(t.Context()); err != nil || stats.Matches != 1 {
		t.Errorf("stats: %+v, %v", stats, err)
	}
	if got, err := s.calm.Ticket(t.Context(), c.ID); err != nil || got.State != matchq.Waiting {
		t.Errorf("the leftover ticket: %+v, %v", got, err)
	}
}

func loseDrain(t *testing.T, s *spoiled) {
	before := position(t, s.calm)
	enqueue(t, s.calm, "warm", "alice")
	if _, err := s.calm.Drain(t.Context(), "warm"); err != nil { // loads the script
		t.Fatal(err)
	}
	ticket := enqueue(t, s.m, "history", "alice")
	if _, err := s.m.Drain(t.Context(), "history"); err != nil {
		t.Error(err)
	}
	if got := take(t, s.calm, before, 2)[1].Ticket; got.ID != ticket.ID || got.Reason != matchq.ReasonDrained {
		t.Errorf("drained %+v", got)
	}
	checkWaiting(t, s.calm, "history", 0)
}

// enqueueTries is how often an enqueue is tried: once, and then as often as the driver's options say.
const enqueueTries = 4

// loseFor makes an enqueue that gets no answer although Redis has made the ticket, and returns the ticket.
func (s *spoiled) loseFor(t *testing.T, r matchq.Request) string {
	t.Helper()
	s.proxy.LoseReplies(testkit.HashOf(t, "match/enqueue"), enqueueTries)
	_, err := s.m.Enqueue(t.Context(), r)
	var unknown *matchq.UnknownError
	if !errors.As(err, &unknown) || !errors.Is(err, matchq.ErrUnavailable) {
		t.Fatalf("enqueue without an answer: %v", err)
	}
	return unknown.TicketID
}

func TestGuarantee5ATicketWithoutAnAnswerIsVoid(t *testing.T) {
	s := spoil(t, patient)
	before := position(t, s.calm)
	id := s.loseFor(t, matchq.Request{Queue: "history", Player: "alice"})
	if got := take(t, s.calm, before, 1)[0].Ticket; got.ID != id || got.State != matchq.Cancelled || got.Reason != "void" {
		t.Errorf("ended: %+v", got)
	}
	checkWaiting(t, s.calm, "history", 0)
	enqueue(t, s.m, "history", "alice") // is not refused
	checkAudit(t, s.calm)
}

// TestVoidingSparesOthers checks that a request with another player's id, which was refused, voids nothing.
func TestGuarantee5VoidingSparesOthers(t *testing.T) {
	s := spoil(t, patient)
	before := position(t, s.calm)
	if _, err := s.calm.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice", ID: "x"}); err != nil {
		t.Fatal(err)
	}
	s.loseFor(t, matchq.Request{Queue: "history", Player: "bob", ID: "x"})
	id := s.loseFor(t, matchq.Request{Queue: "history", Player: "carol"})
	// They are voided in order: when the second one is voided, so is the first.
	if got := take(t, s.calm, before, 1)[0].Ticket; got.ID != id {
		t.Errorf("ended: %+v", got)
	}
	checkWaiting(t, s.calm, "history", 1)
	checkAudit(t, s.calm)
}

// TestALateWriteQueuesNobody delays an enqueue on its way until its ticket was voided.
func TestGuarantee5ALateWriteQueuesNobody(t *testing.T) {
	s := spoil(t, matchq.Config{})
	brief := newMatcher(t, &matchqtest.Env{Client: s.proxy.Client(t), Namespace: s.env.Namespace}, matchq.Config{Timeout: 200 * time.Millisecond})
	matchqtest.Eventually(t, "it knows the rules", func() bool {
		_, _, err := brief.AllRules(t.Context())
		return err == nil
	})
	before := position(t, s.calm)
	release := s.proxy.HoldRequests(testkit.HashOf(t, "match/enqueue"))
	_, err := brief.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice"})
	var unknown *matchq.UnknownError
	if !errors.As(err, &unknown) {
		t.Fatalf("enqueue without an answer: %v", err)
	}
	if got := take(t, s.calm, before, 1)[0].Ticket; got.ID != unknown.TicketID {
		t.Errorf("ended: %+v", got)
	}
	calls := s.scriptCalls(t)
	release()
	matchqtest.Eventually(t, "the late write arrives", func() bool { return s.scriptCalls(t) > calls })
	checkWaiting(t, s.calm, "history", 0)
	checkAudit(t, s.calm)
	enqueue(t, s.m, "history", "alice")
}

// scriptCalls returns the number of scripts that Redis has run.
func (s *spoiled) scriptCalls(t *testing.T) int {
	t.Helper()
	info, err := s.env.Client.Info(context.Background(), "commandstats").Result()
	if err != nil {
		t.Fatal(err)
	}
	var calls int
	_, stat, _ := strings.Cut(info, "cmdstat_evalsha:calls=")
	if _, err := fmt.Sscan(strings.Split(stat, ",")[0], &calls); err != nil {
		t.Fatal(err)
	}
	return calls
}
