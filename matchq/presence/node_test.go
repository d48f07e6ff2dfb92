package presence_test

import (
	"errors"
	"fmt"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

func TestConnectAndDisconnect(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, matchq.Config{})
		a := startNode(t, p, presence.NodeConfig{ID: "a", Grace: time.Hour, Version: "v1"})
		b := startNode(t, p, presence.NodeConfig{ID: "b", Grace: time.Hour})
		var repeat testkit.Repeater
		env.Client.AddHook(&repeat)

		checkWhere(t, p, "alice", "offline")
		if before := a.connect(t, "alice", "a1"); before != nil {
			t.Errorf("before: %+v", before)
		}
		checkWhere(t, p, "alice", "a1")
		repeat.Next("presence/disconnect", nil)
		a.disconnect(t, "alice", "a1")
		a.disconnect(t, "alice", "a1")
		checkWhere(t, p, "alice", "a1 away")
		repeat.Next("presence/connect", nil)
		b.connect(t, "alice", "b1")
		if !repeat.Stop() {
			t.Error("no call was repeated")
		}
		before := b.connect(t, "alice", "b2")
		if before == nil || before.Node != "b" || before.ID != "b1" || before.Data != "data of b1" || before.Away {
			t.Errorf("before: %+v", before)
		}
		before = a.connect(t, "alice", "a2")
		if before == nil || before.Node != "b" || before.ID != "b2" {
			t.Errorf("before: %+v", before)
		}
		matchqtest.Eventually(t, "both connections to b were replaced", func() bool {
			got := b.list(&b.replaced)
			return slices.Contains(got, "alice b1") && slices.Contains(got, "alice b2")
		})
		b.disconnect(t, "alice", "b1") // late
		b.disconnect(t, "alice", "b2")
		a.disconnect(t, "alice", "a1")
		checkWhere(t, p, "alice", "a2")
		a.SetData("alice", "a2", "noted")
		a.disconnect(t, "alice", "a2")
		if before := b.connect(t, "alice", "b3"); before == nil || !before.Away || before.Data != "noted" {
			t.Errorf("before: %+v", before)
		}
		if err := b.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		checkWhere(t, p, "alice", "b3 away")
		if _, err := b.Connect(t.Context(), "alice", "b4", ""); !errors.Is(err, presence.ErrClosed) {
			t.Errorf("connect to a closed node: %v", err)
		}
		nodes, err := p.Nodes(t.Context())
		if err != nil || len(nodes) != 1 || nodes[0].ID != "a" || nodes[0].Version != "v1" {
			t.Errorf("nodes: %+v, %v", nodes, err)
		}
	})
}

// A node's note is shown while it has one, if it can be stored.
func TestNodesHaveNotes(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		_, p := newPresence(t, env, matchq.Config{})
		var note atomic.Value
		note.Store("its flags don't count")
		startNode(t, p, presence.NodeConfig{ID: "a", Version: "v1", Lease: 100 * time.Millisecond, Note: func() string { return note.Load().(string) }})
		shows := func(want string) {
			t.Helper()
			matchqtest.Eventually(t, "the note is "+want, func() bool {
				nodes, err := p.Nodes(t.Context())
				return err == nil && len(nodes) == 1 && nodes[0].Note == want && nodes[0].Version == "v1"
			})
		}
		shows("its flags don't count")
		note.Store("tab\there")
		shows("")
	})
}

func TestMessagesReachThePlayerWhereverTheyAre(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, matchq.Config{})
		a := startNode(t, p, presence.NodeConfig{})
		b := startNode(t, p, presence.NodeConfig{})
		a.connect(t, "alice", "a1")
		a.connect(t, "bob", "a2")
		send(t, p, numbered("alice", 0, 50)...)
		send(t, p, presence.Message{Player: "bob", Event: "hello"})
		matchqtest.Eventually(t, "all is heard", func() bool { return len(a.list(&a.heard)) == 51 })
		for i, got := range a.list(&a.heard)[:50] {
			if got != fmt.Sprint("a1 number ", i) {
				t.Fatalf("message %d is %q", i, got)
			}
		}
		b.connect(t, "alice", "b1")
		send(t, p, numbered("alice", 50, 51)...)
		matchqtest.Eventually(t, "it is heard", func() bool { return len(b.list(&b.heard)) == 1 })
		if got := b.list(&b.heard); got[0] != "b1 number 50" || len(a.list(&a.heard)) != 51 {
			t.Errorf("heard %v", got)
		}
	})
}

// A player who connects before the node runs counts as connected.
func TestConnectBeforeRun(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, matchq.Config{})
		n := newNode(t, p, presence.NodeConfig{})
		n.connect(t, "alice", "a1")
		checkWhere(t, p, "alice", "a1")
	})
}

// A node that shuts down while its set names a player who has just moved on leaves no data behind.
func TestNothingIsLeftAfterShutdown(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, quiet(matchq.Config{}))
		one := startNode(t, p, presence.NodeConfig{Grace: 10 * time.Millisecond, Lease: 200 * time.Millisecond})
		startNode(t, p, presence.NodeConfig{Grace: 10 * time.Millisecond, Lease: 200 * time.Millisecond})
		set := "node:" + one.ID()
		if err := env.Client.SAdd(t.Context(), "{"+env.Namespace+"}:"+set, "alice").Err(); err != nil {
			t.Fatal(err)
		}
		if err := one.Shutdown(t.Context()); err != nil {
			t.Fatal(err)
		}
		matchqtest.Eventually(t, "the set is gone, and the node", func() bool {
			nodes, err := p.Nodes(t.Context())
			return err == nil && len(nodes) == 1 && !keyExists(t, env, set)
		})
	})
}
