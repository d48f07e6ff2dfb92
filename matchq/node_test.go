package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
)

// testNode is a node that writes down what happens to it.
type testNode struct {
	*matchq.Node

	m    *matchq.Matcher
	stop func() // Run, as a crash does

	mu       sync.Mutex
	heard    []string // "<conn> <event> <data>"
	replaced []string // "<player> <conn>"
	signals  []string
	gone     []string
}

// newNode makes a node that does not run.
func newNode(t *testing.T, m *matchq.Matcher, cfg matchq.NodeConfig) *testNode {
	t.Helper()
	n := &testNode{m: m}
	note := func(list *[]string, text string) {
		n.mu.Lock()
		defer n.mu.Unlock()
		*list = append(*list, text)
	}
	cfg.OnMessage = func(msg matchq.Message) {
		note(&n.heard, strings.TrimSpace(msg.Conn+" "+msg.Event+" "+string(msg.Data)))
	}
	cfg.OnReplaced = func(player, conn string) { note(&n.replaced, player+" "+conn) }
	cfg.OnSignal = func(payload []byte) { note(&n.signals, string(payload)) }
	if cfg.OnGone == nil {
		cfg.OnGone = func(_ context.Context, player string) error {
			note(&n.gone, player)
			return nil
		}
	}
	var err error
	if n.Node, err = m.NewNode(cfg); err != nil {
		t.Fatal(err)
	}
	return n
}

// startNode makes a node that runs, with a lease from the start.
func startNode(t *testing.T, m *matchq.Matcher, cfg matchq.NodeConfig) *testNode {
	t.Helper()
	n := newNode(t, m, cfg)
	n.run(t)
	redistest.Eventually(t, "the node has a lease", func() bool {
		nodes, err := m.Nodes(t.Context())
		return err == nil && slices.ContainsFunc(nodes, func(i matchq.NodeInfo) bool { return i.ID == n.ID() })
	})
	return n
}

func (n *testNode) run(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- n.Run(ctx) }()
	n.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("run: %v", err)
		}
	})
	t.Cleanup(n.stop)
}

func (n *testNode) arrive(t *testing.T, player, conn string) *matchq.Connection {
	t.Helper()
	before, err := n.Arrive(t.Context(), player, conn, "data of "+conn)
	if err != nil {
		t.Fatal(err)
	}
	return before
}

func (n *testNode) leave(t *testing.T, player, conn string) {
	t.Helper()
	if err := n.Leave(t.Context(), player, conn); err != nil {
		t.Fatal(err)
	}
}

func (n *testNode) list(of *[]string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(*of)
}

// whereIs is where a player is connected, in a word: "offline", "<conn>" or "<conn> away".
func whereIs(t *testing.T, m *matchq.Matcher, player string) string {
	t.Helper()
	found, err := m.Online(t.Context(), player)
	if err != nil {
		t.Fatal(err)
	}
	switch c := found[0]; {
	case c == nil:
		return "offline"
	case c.Away:
		return c.ID + " away"
	default:
		return c.ID
	}
}

func checkWhere(t *testing.T, m *matchq.Matcher, player, want string) {
	t.Helper()
	if got := whereIs(t, m, player); got != want {
		t.Errorf("%s is %q, want %q", player, got, want)
	}
}

func quiet(cfg matchq.Config) matchq.Config {
	cfg.Logger = slog.New(slog.DiscardHandler)
	return cfg
}

func TestArriveAndLeave(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		a := startNode(t, m, matchq.NodeConfig{ID: "a", Grace: time.Hour, Version: "v1"})
		b := startNode(t, m, matchq.NodeConfig{ID: "b", Grace: time.Hour})
		var repeat repeater
		env.Client.AddHook(&repeat)

		checkWhere(t, m, "alice", "offline")
		if before := a.arrive(t, "alice", "a1"); before != nil {
			t.Errorf("before: %+v", before)
		}
		checkWhere(t, m, "alice", "a1")
		repeat.next("leave", nil)
		a.leave(t, "alice", "a1")
		a.leave(t, "alice", "a1")
		checkWhere(t, m, "alice", "a1 away")
		repeat.next("arrive", nil)
		b.arrive(t, "alice", "b1")
		if !repeat.stop() {
			t.Error("no call was repeated")
		}
		before := b.arrive(t, "alice", "b2")
		if before == nil || before.Node != "b" || before.ID != "b1" || before.Data != "data of b1" || before.Away {
			t.Errorf("before: %+v", before)
		}
		before = a.arrive(t, "alice", "a2")
		if before == nil || before.Node != "b" || before.ID != "b2" {
			t.Errorf("before: %+v", before)
		}
		redistest.Eventually(t, "both connections to b were replaced", func() bool {
			got := b.list(&b.replaced)
			return slices.Contains(got, "alice b1") && slices.Contains(got, "alice b2")
		})
		b.leave(t, "alice", "b1") // late
		b.leave(t, "alice", "b2")
		a.leave(t, "alice", "a1")
		checkWhere(t, m, "alice", "a2")
		a.Note("alice", "a2", "noted")
		a.leave(t, "alice", "a2")
		if before := b.arrive(t, "alice", "b3"); before == nil || !before.Away || before.Data != "noted" {
			t.Errorf("before: %+v", before)
		}
		if err := b.LeaveAll(t.Context()); err != nil {
			t.Error(err)
		}
		checkWhere(t, m, "alice", "b3 away")
		if _, err := b.Arrive(t.Context(), "alice", "b4", ""); !errors.Is(err, matchq.ErrClosed) {
			t.Errorf("arrive at a closed node: %v", err)
		}
		nodes, err := m.Nodes(t.Context())
		if err != nil || len(nodes) != 1 || nodes[0].ID != "a" || nodes[0].Version != "v1" {
			t.Errorf("nodes: %+v, %v", nodes, err)
		}
	})
}

func TestMessagesReachThePlayerWhereverTheyAre(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		a := startNode(t, m, matchq.NodeConfig{})
		b := startNode(t, m, matchq.NodeConfig{})
		a.arrive(t, "alice", "a1")
		a.arrive(t, "bob", "a2")
		post(t, m, numbered("alice", 0, 50)...)
		post(t, m, matchq.Message{Player: "bob", Event: "hello"})
		redistest.Eventually(t, "all is heard", func() bool { return len(a.list(&a.heard)) == 51 })
		for i, got := range a.list(&a.heard)[:50] {
			if got != fmt.Sprint("a1 number ", i) {
				t.Fatalf("message %d is %q", i, got)
			}
		}
		b.arrive(t, "alice", "b1")
		post(t, m, numbered("alice", 50, 51)...)
		redistest.Eventually(t, "it is heard", func() bool { return len(b.list(&b.heard)) == 1 })
		if got := b.list(&b.heard); got[0] != "b1 number 50" || len(a.list(&a.heard)) != 51 {
			t.Errorf("heard %v", got)
		}
		redistest.Eventually(t, "a signal is heard", func() bool {
			if err := a.Signal(t.Context(), b.ID(), []byte("hi\tthere")); err != nil {
				t.Fatal(err)
			}
			return slices.Contains(b.list(&b.signals), "hi\tthere")
		})
	})
}

// Who arrives before the node has got to anything else counts as there.
func TestArrivalBeforeRun(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		n := newNode(t, m, matchq.NodeConfig{})
		n.arrive(t, "alice", "a1")
		checkWhere(t, m, "alice", "a1")
	})
}
