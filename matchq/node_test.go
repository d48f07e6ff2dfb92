package matchq_test

import (
	"context"
	"encoding/json"
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

// A node that dies keeps its players for the lease; who came back elsewhere is not released.
func TestPlayersOfADeadNode(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		m := newMatcher(t, env, quiet(matchq.Config{Interval: time.Hour}))
		lease := 150 * time.Millisecond
		a := startNode(t, m, matchq.NodeConfig{Grace: time.Millisecond, Lease: lease})
		b := startNode(t, m, matchq.NodeConfig{Grace: time.Millisecond, Lease: lease})
		for _, player := range []string{"alice", "bob"} {
			a.arrive(t, player, player)
			enqueueWhileOnline(t, m, "history", player)
		}
		a.arrive(t, "carol", "carol")
		enqueue(t, m, "history", "carol")
		checkWhere(t, m, "alice", "alice")
		a.stop()
		b.arrive(t, "alice", "again")
		redistest.Eventually(t, "bob and carol are released", func() bool {
			return whereIs(t, m, "bob") == "offline" && ticketOf(t, m, "bob").State == matchq.Cancelled &&
				whereIs(t, m, "carol") == "offline"
		})
		if got := ticketOf(t, m, "bob"); got.Reason != matchq.Disconnected {
			t.Errorf("bob's ticket: %+v", got)
		}
		checkWhere(t, m, "alice", "again")
		checkWaiting(t, m, "history", 2) // alice, and carol, whose ticket lives by its time to live
		redistest.Eventually(t, "the dead node is forgotten", func() bool {
			return slices.Contains(b.list(&b.gone), "bob") && !keyExists(t, env, "node:"+a.ID())
		})
		if slices.Contains(b.list(&b.gone), "alice") {
			t.Error("alice was said to be gone")
		}
		checkAudit(t, m)
	})
}

func keyExists(t *testing.T, env *redistest.Env, name string) bool {
	t.Helper()
	found, err := env.Client.Exists(t.Context(), "{"+env.Namespace+"}:"+name).Result()
	if err != nil {
		t.Fatal(err)
	}
	return found > 0
}

func enqueueWhileOnline(t *testing.T, m *matchq.Matcher, queue, player string) matchq.Ticket {
	t.Helper()
	made, err := m.Enqueue(t.Context(), matchq.Request{Queue: queue, Player: player, WhileOnline: true})
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func ticketOf(t *testing.T, m *matchq.Matcher, player string) matchq.Ticket {
	t.Helper()
	got, err := m.TicketOf(t.Context(), player)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// Whoever is to be told that a player is gone may need another try; nobody else waits for that.
func TestGoneIsSaidUntilItIsHeard(t *testing.T) {
	m := newMatcher(t, redistest.Embedded(t), quiet(matchq.Config{Interval: time.Hour}))
	var mu sync.Mutex
	refused := 0
	n := startNode(t, m, matchq.NodeConfig{Grace: time.Millisecond, OnGone: func(_ context.Context, player string) error {
		mu.Lock()
		defer mu.Unlock()
		if player == "alice" && refused < 2 {
			refused++
			return errors.New("not now")
		}
		return nil
	}})
	for _, player := range []string{"alice", "bob"} {
		n.arrive(t, player, player)
		enqueueWhileOnline(t, m, "history", player)
		n.leave(t, player, player)
	}
	redistest.Eventually(t, "bob is released", func() bool { return ticketOf(t, m, "bob").State == matchq.Cancelled })
	redistest.Eventually(t, "alice is released", func() bool { return ticketOf(t, m, "alice").State == matchq.Cancelled })
	if refused != 2 {
		t.Errorf("refused %d times", refused)
	}
}

// Sweeps of many players are bounded calls.
func TestReleaseOfManyPlayers(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{Interval: time.Hour}))
	const players = 10_000
	a := startNode(t, m, matchq.NodeConfig{Grace: 10 * time.Millisecond})
	var requests []matchq.Request
	for i := range players {
		player := fmt.Sprint("player ", i)
		requests = append(requests, matchq.Request{Queue: fmt.Sprint("q", i%50), Player: player, WhileOnline: true})
	}
	var arriving sync.WaitGroup
	for part := range 8 {
		arriving.Go(func() {
			for i := part; i < players; i += 8 {
				a.arrive(t, requests[i].Player, requests[i].Player)
			}
		})
	}
	arriving.Wait()
	for len(requests) > 0 {
		results, err := m.EnqueueAll(t.Context(), requests[:500])
		if err != nil || results[499].Err != nil {
			t.Fatal(err, results[499].Err)
		}
		requests = requests[500:]
	}
	if err := a.LeaveAll(t.Context()); err != nil {
		t.Fatal(err)
	}
	var longest time.Duration
	redistest.Eventually(t, "all are released", func() bool {
		began := time.Now()
		stats, err := m.Stats(t.Context())
		longest = max(longest, time.Since(began))
		return err == nil && stats.Cancelled == players
	})
	t.Logf("the longest call meanwhile took %v", longest)
	for _, name := range []string{"online", "away", "node:" + a.ID(), "nodes"} {
		if keyExists(t, env, name) {
			t.Errorf("%s is left", name)
		}
	}
	checkAudit(t, m)
}

// A Redis that comes back empty is told who is connected.
func TestPresenceAfterRedisWasEmptied(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{}))
	a := startNode(t, m, matchq.NodeConfig{Lease: 400 * time.Millisecond})
	for i := range 300 {
		player := fmt.Sprint("player ", i)
		a.arrive(t, player, "c"+player)
	}
	env.Server.Kill()
	_ = a.Leave(t.Context(), "player 7", "cplayer 7") // Redis is away
	env.Server.Restart()
	redistest.Eventually(t, "all are announced", func() bool {
		found, err := m.Online(t.Context(), "player 0", "player 299", "player 7")
		return err == nil && found[0] != nil && found[1] != nil && found[2] == nil
	})
	redistest.Eventually(t, "a message is heard", func() bool {
		_ = m.Post(t.Context(), matchq.Message{Player: "player 299", Event: "hello", Key: "once"})
		return slices.Contains(a.list(&a.heard), "cplayer 299 hello")
	})
}

// The subscription breaks; what was missed is heard when it is back.
func TestMissedMessagesAreReadFromTheOutbox(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{}))
	through := newProxy(t, env.Server.Addr)
	mine, err := matchq.New(through.client(t), m.Config())
	if err != nil {
		t.Fatal(err)
	}
	a := startNode(t, mine, matchq.NodeConfig{Lease: time.Minute})
	b := startNode(t, m, matchq.NodeConfig{})
	for _, player := range []string{"alice", "bob", "carol"} {
		a.arrive(t, player, player)
	}
	post(t, m, numbered("alice", 0, 1)...)
	redistest.Eventually(t, "the first is heard", func() bool { return len(a.list(&a.heard)) == 1 })
	restore := through.cut()
	post(t, m, numbered("alice", 1, 20)...)
	post(t, m, matchq.Message{Player: "bob", Event: "hello"})
	b.arrive(t, "carol", "elsewhere")
	restore()
	redistest.Eventually(t, "the rest is heard", func() bool { return len(a.list(&a.heard)) == 21 })
	var got []string
	for _, text := range a.list(&a.heard) {
		if number, ok := strings.CutPrefix(text, "alice number "); ok {
			got = append(got, number)
		}
	}
	for i := range 20 {
		if got[i] != fmt.Sprint(i) {
			t.Fatalf("alice heard %v", got)
		}
	}
	redistest.Eventually(t, "carol's connection is known to be replaced", func() bool {
		return slices.Contains(a.list(&a.replaced), "carol carol")
	})
	post(t, m, matchq.Message{Player: "alice", Event: "last", Data: json.RawMessage("1")})
	redistest.Eventually(t, "it goes on", func() bool { return slices.Contains(a.list(&a.heard), "alice last 1") })
}

// Connections that end while Redis is away are told when it is back.
func TestLeaveWhileRedisIsAway(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{Timeout: 100 * time.Millisecond, Interval: time.Hour}))
	a := startNode(t, m, matchq.NodeConfig{Grace: 10 * time.Millisecond})
	a.arrive(t, "alice", "a1")
	made := enqueueWhileOnline(t, m, "history", "alice")
	env.Server.Stop()
	if err := a.Leave(t.Context(), "alice", "a1"); !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("leave: %v", err)
	}
	if _, err := a.Arrive(t.Context(), "bob", "a2", ""); !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("arrive: %v", err)
	}
	env.Server.Continue()
	redistest.Eventually(t, "the ticket is cancelled", func() bool {
		got, err := m.Ticket(t.Context(), made.ID)
		return err == nil && got.State == matchq.Cancelled
	})
	redistest.Eventually(t, "nobody is there", func() bool { return whereIs(t, m, "bob") == "offline" })
}

// After an outage longer than the lease nobody is given up who is still connected.
func TestOutageLongerThanTheLease(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{Timeout: 200 * time.Millisecond, Interval: 20 * time.Millisecond}))
	a := startNode(t, m, matchq.NodeConfig{Lease: 100 * time.Millisecond})
	b := startNode(t, m, matchq.NodeConfig{Lease: 100 * time.Millisecond})
	a.arrive(t, "alice", "a1")
	b.arrive(t, "bob", "b1")
	made := enqueueWhileOnline(t, m, "history", "alice")
	env.Server.Stop()
	if _, err := m.Online(t.Context(), "alice"); err == nil { // takes the time-out
		t.Error("redis is not away")
	}
	env.Server.Continue()
	redistest.Eventually(t, "both are there", func() bool {
		found, err := m.Online(t.Context(), "alice", "bob")
		return err == nil && found[0] != nil && found[1] != nil
	})
	if got, err := m.Ticket(t.Context(), made.ID); err != nil || got.State != matchq.Waiting {
		t.Errorf("alice's ticket: %+v, %v", got, err)
	}
	if len(a.list(&a.gone))+len(b.list(&b.gone)) > 0 {
		t.Errorf("gone: %v, %v", a.list(&a.gone), b.list(&b.gone))
	}
}
