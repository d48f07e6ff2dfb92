package sessions_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// recorder is a transport that records its messages.
type recorder struct {
	mu     sync.Mutex
	sent   []string
	closed int
}

func (r *recorder) Send(event string, data json.RawMessage) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.sent = append(r.sent, event+string(data))
}
func (r *recorder) Push(event, _ string, data json.RawMessage) { r.Send(event, data) }

func (r *recorder) Close(code int, _ string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.closed = code
}

func (r *recorder) got() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.sent)
}

func (r *recorder) closedWith() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.closed
}

// desk is a running registry.
type desk struct {
	*sessions.Registry

	presence *presence.Presence
}

func newDesk(t *testing.T, env *matchqtest.Env) *desk {
	t.Helper()
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		t.Fatal(err)
	}
	r, err := sessions.New(p, sessions.Config{Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	d := &desk{Registry: r, presence: p}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- d.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	matchqtest.Eventually(t, "the node runs", func() bool {
		nodes, err := p.Nodes(t.Context())
		return err == nil && slices.ContainsFunc(nodes, func(i presence.NodeInfo) bool { return i.ID == d.NodeID() })
	})
	return d
}

func (d *desk) connect(t *testing.T, sid, player string) (*sessions.Session, *recorder) {
	t.Helper()
	r := &recorder{}
	s := d.Open(sid, "127.0.0.1", identity.Identity{}, r)
	if err := d.Bind(t.Context(), s, wire.ID{Name: player}); err != nil {
		t.Fatal(err)
	}
	return s, r
}

func (d *desk) post(t *testing.T, key string) {
	t.Helper()
	msg := presence.Message{Player: "alice", Event: "e", DedupKey: key, Data: json.RawMessage(`"` + key + `"`)}
	if err := d.presence.Send(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
}

func TestPushesWaitForTheAnswer(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	s, r := d.connect(t, "s", "alice")
	s.BeginRequest()
	s.Push("t1", "match_status", json.RawMessage("1"))
	s.Push("t2", "match_status", json.RawMessage("2"))
	s.Send("answer", nil)
	s.MarkKnown("t1")
	s.EndRequest()
	s.Push("t2", "match_status", json.RawMessage("again"))
	s.Push("t3", "match_status", json.RawMessage("3"))
	if want := []string{"answer", "match_status2", "match_status3"}; !slices.Equal(r.got(), want) {
		t.Errorf("sent %v, want %v", r.got(), want)
	}
}

// Missed messages come after the answer and before live ones, each once.
func TestReplay(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	_, before := d.connect(t, "s1", "alice")
	for _, key := range []string{"1", "2", "3"} {
		d.post(t, key)
	}
	matchqtest.Eventually(t, "all is heard", func() bool { return len(before.got()) == 3 })
	all, _, err := d.presence.Mailbox(t.Context(), "alice", "0-0")
	if err != nil {
		t.Fatal(err)
	}
	s, r := d.connect(t, "s2", "alice")
	s.BeginRequest()
	d.post(t, "4")
	s.Push("", "local", nil)
	missed, found, err := d.presence.Mailbox(t.Context(), "alice", all[0].Seq)
	if err != nil || !found || len(missed) != 3 {
		t.Fatalf("missed %v, found %v, %v", missed, found, err)
	}
	s.Replay(missed)
	s.Send("answer", nil)
	s.EndRequest()
	d.post(t, "5")
	want := []string{"answer", `e"2"`, `e"3"`, `e"4"`, "local", `e"5"`}
	matchqtest.Eventually(t, "all is heard", func() bool { return len(r.got()) >= len(want) })
	if got := r.got(); !slices.Equal(got, want) {
		t.Errorf("sent %v, want %v", got, want)
	}
}

func TestReplaced(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		here, there := newDesk(t, env), newDesk(t, env)
		first, r1 := here.connect(t, "1", "alice")
		second, r2 := here.connect(t, "2", "alice")
		matchqtest.Eventually(t, "the first is closed", func() bool { return r1.closedWith() == sessions.CloseReplaced })
		here.Disconnect(first)
		there.connect(t, "3", "alice")
		matchqtest.Eventually(t, "the second is closed", func() bool { return r2.closedWith() == sessions.CloseReplaced })
		var f *wire.Error
		if err := here.Bind(t.Context(), second, wire.ID{Name: "alice"}); !errors.As(err, &f) || f.Code != wire.CodeReplaced {
			t.Errorf("the second one may go on: %v", err)
		}
		if err := here.Bind(t.Context(), first, wire.ID{Name: "bob"}); !errors.As(err, &f) || f.Code != wire.CodeForbidden {
			t.Errorf("the first one may be another's: %v", err)
		}
		here.Disconnect(second)
		found, err := here.presence.Online(t.Context(), "alice")
		if err != nil || found[0] == nil || found[0].ID != "3" || found[0].Away {
			t.Errorf("alice is at %+v, %v", found[0], err)
		}
	})
}

// Messages that a client got before its goodbye are not repeated; messages that it may have missed are.
func TestWhatTheNextConnectionKnows(t *testing.T) {
	env := matchqtest.Embedded(t)
	here, there := newDesk(t, env), newDesk(t, env)
	for _, bye := range []bool{true, false} {
		s, _ := here.connect(t, "1", "alice")
		s.Push("t1", "match_status", nil)
		if bye {
			s.Goodbye()
			s.Push("t2", "match_status", nil)
		}
		here.Disconnect(s)
		next, _ := there.connect(t, "2", "alice")
		if next.Knows("t1") != bye || next.Knows("t2") {
			t.Errorf("after bye=%v: knows t1: %v, t2: %v", bye, next.Knows("t1"), next.Knows("t2"))
		}
		there.Disconnect(next)
	}
}

func TestAProvenPlayer(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	s := d.Open("1", "", identity.Identity{Player: "alice"}, &recorder{})
	var f *wire.Error
	if err := d.Bind(t.Context(), s, wire.ID{Name: "bob"}); !errors.As(err, &f) || f.Code != wire.CodeForbidden {
		t.Errorf("alice may be bob: %v", err)
	}
	if err := d.Bind(t.Context(), s, wire.ID{Name: "alice", Number: true}); err != nil {
		t.Error(err)
	}
	found, err := d.Find(t.Context(), "alice")
	if want := (sessions.Player{ID: wire.ID{Name: "alice", Number: true}, SID: "1", Reachable: true}); err != nil || found[0] != want {
		t.Errorf("found %+v, %v", found, err)
	}
}

// The later of two connections is the player's, even if Redis learns of the other one last.
func TestSlowToArrive(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	proof := identity.Identity{Player: "alice"}
	old, recent := &recorder{}, &recorder{}
	first := d.Open("1", "", proof, old)
	second := d.Open("2", "", proof, recent)
	if err := d.Bind(t.Context(), second, wire.ID{Name: "alice"}); err != nil {
		t.Fatal(err)
	}
	var f *wire.Error
	if err := d.Bind(t.Context(), first, wire.ID{Name: "alice"}); !errors.As(err, &f) || f.Code != wire.CodeReplaced {
		t.Errorf("the first one is bound: %v", err)
	}
	if old.closedWith() != sessions.CloseReplaced || recent.closedWith() != 0 {
		t.Errorf("closed with %d and %d", old.closedWith(), recent.closedWith())
	}
	if found, err := d.presence.Online(t.Context(), "alice"); err != nil || found[0] == nil || found[0].ID != "2" {
		t.Errorf("alice is at %+v, %v", found[0], err)
	}

	// Without a token a session belongs to a player as soon as it names the player.
	early, late := d.Open("3", "", identity.Identity{}, &recorder{}), d.Open("4", "", identity.Identity{}, &recorder{})
	for _, s := range []*sessions.Session{late, early} {
		if err := d.Bind(t.Context(), s, wire.ID{Name: "bob"}); err != nil {
			t.Error(err)
		}
	}
	if found, err := d.presence.Online(t.Context(), "bob"); err != nil || found[0] == nil || found[0].ID != "3" {
		t.Errorf("bob is at %+v, %v", found[0], err)
	}
}

// away is a Redis that a test can make unreachable.
type away struct{ is atomic.Bool }

func (a *away) DialHook(next redis.DialHook) redis.DialHook { return next }

func (a *away) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (a *away) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if a.is.Load() {
			return io.ErrUnexpectedEOF
		}
		return next(ctx, cmd)
	}
}

// A session whose second Bind fails, since Redis is away, continues as before.
func TestBindingAgainFails(t *testing.T) {
	env, gate := matchqtest.Embedded(t), &away{}
	env.Client.AddHook(gate)
	d := newDesk(t, env)
	r := &recorder{}
	s := d.Open("1", "", identity.Identity{Player: "17"}, r)
	if err := d.Bind(t.Context(), s, wire.ID{Name: "17"}); err != nil {
		t.Fatal(err)
	}
	gate.is.Store(true)
	number := wire.ID{Name: "17", Number: true}
	if err := d.Bind(t.Context(), s, number); !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("bound without Redis: %v", err)
	}
	if id, bound := s.Player(); !bound || id.Number {
		t.Errorf("the session is of %+v, bound: %v", id, bound)
	}
	gate.is.Store(false)
	if err := d.Bind(t.Context(), s, number); err != nil {
		t.Error(err)
	}
	msg := presence.Message{Player: "17", Event: "e", Data: json.RawMessage("1")}
	if err := d.presence.Send(t.Context(), msg); err != nil {
		t.Fatal(err)
	}
	matchqtest.Eventually(t, "the client hears of it", func() bool { return len(r.got()) == 1 })
}

// A connection that ends while it is being bound is not left behind.
func TestLeaveWhileBinding(t *testing.T) {
	d := newDesk(t, matchqtest.Embedded(t))
	s := d.Open("1", "", identity.Identity{}, &recorder{})
	d.Disconnect(s)
	if err := d.Bind(t.Context(), s, wire.ID{Name: "alice"}); err != nil {
		t.Fatal(err)
	}
	if found, err := d.presence.Online(t.Context(), "alice"); err != nil || found[0] == nil || !found[0].Away {
		t.Errorf("found %+v, %v", found[0], err)
	}
}
