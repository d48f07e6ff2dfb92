package presence_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// newPresence makes a matcher in the test's namespace, and a presence.
func newPresence(t testing.TB, env *matchqtest.Env, cfg matchq.Config) (*matchq.Matcher, *presence.Presence) {
	t.Helper()
	cfg.Namespace = env.Namespace
	return presenceOn(t, env.Client, cfg, presence.Config{})
}

func presenceOn(t testing.TB, rdb redis.UniversalClient, cfg matchq.Config, how presence.Config) (*matchq.Matcher, *presence.Presence) {
	t.Helper()
	cfg.Timeout = cmp.Or(cfg.Timeout, matchqtest.Patience) // machines stall
	m, err := matchq.New(rdb, cfg)
	if err != nil {
		t.Fatal(err)
	}
	p, err := presence.New(m, how)
	if err != nil {
		t.Fatal(err)
	}
	return m, p
}

func quiet(cfg matchq.Config) matchq.Config {
	cfg.Logger = slog.New(slog.DiscardHandler)
	return cfg
}

// testNode is a node that records its callbacks.
type testNode struct {
	*presence.Node

	stop func() // Run, as a crash does

	mu       sync.Mutex
	heard    []string // "<conn> <event> <data>"
	replaced []string // "<player> <conn>"
	gone     []string
}

// newNode makes a node that does not run.
func newNode(t *testing.T, p *presence.Presence, cfg presence.NodeConfig) *testNode {
	t.Helper()
	n := &testNode{}
	note := func(list *[]string, text string) {
		n.mu.Lock()
		defer n.mu.Unlock()
		*list = append(*list, text)
	}
	cfg.OnMessage = func(msg presence.Message) {
		note(&n.heard, strings.TrimSpace(msg.Conn+" "+msg.Event+" "+string(msg.Data)))
	}
	cfg.OnReplaced = func(player, conn string) { note(&n.replaced, player+" "+conn) }
	if cfg.OnGone == nil {
		cfg.OnGone = func(_ context.Context, player string) error {
			note(&n.gone, player)
			return nil
		}
	}
	var err error
	if n.Node, err = p.Join(cfg); err != nil {
		t.Fatal(err)
	}
	return n
}

// startNode makes a node that runs, with a lease from the start.
func startNode(t *testing.T, p *presence.Presence, cfg presence.NodeConfig) *testNode {
	t.Helper()
	n := newNode(t, p, cfg)
	n.run(t)
	matchqtest.Eventually(t, "the node has a lease", func() bool {
		nodes, err := p.Nodes(t.Context())
		return err == nil && slices.ContainsFunc(nodes, func(i presence.NodeInfo) bool { return i.ID == n.ID() })
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

func (n *testNode) connect(t *testing.T, player, conn string) *presence.Connection {
	t.Helper()
	before, err := n.Connect(t.Context(), player, conn, "data of "+conn)
	if err != nil {
		t.Fatal(err)
	}
	return before
}

func (n *testNode) disconnect(t *testing.T, player, conn string) {
	t.Helper()
	if err := n.Disconnect(t.Context(), player, conn); err != nil {
		t.Fatal(err)
	}
}

func (n *testNode) list(of *[]string) []string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return slices.Clone(*of)
}

// whereIs returns a player's connection in short: "offline", "<conn>" or "<conn> away".
func whereIs(t *testing.T, p *presence.Presence, player string) string {
	t.Helper()
	found, err := p.Online(t.Context(), player)
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

func checkWhere(t *testing.T, p *presence.Presence, player, want string) {
	t.Helper()
	if got := whereIs(t, p, player); got != want {
		t.Errorf("%s is %q, want %q", player, got, want)
	}
}

// mailbox reads all messages to a player after one.
func mailbox(t *testing.T, p *presence.Presence, player, after string) ([]presence.Message, bool) {
	t.Helper()
	messages, found, err := p.Mailbox(t.Context(), player, after)
	if err != nil {
		t.Fatal(err)
	}
	return messages, found
}

func send(t *testing.T, p *presence.Presence, messages ...presence.Message) {
	t.Helper()
	if err := p.Send(t.Context(), messages...); err != nil {
		t.Fatal(err)
	}
}

func numbered(player string, from, to int) []presence.Message {
	var messages []presence.Message
	for i := from; i < to; i++ {
		messages = append(messages, presence.Message{Player: player, Event: "number", Data: json.RawMessage(fmt.Sprint(i))})
	}
	return messages
}

// enqueue queues a player or ends the test.
func enqueue(t testing.TB, m *matchq.Matcher, r matchq.Request) matchq.Ticket {
	t.Helper()
	ticket, err := m.Enqueue(t.Context(), r)
	if err != nil {
		t.Fatalf("enqueue %s in %s: %v", r.Player, r.Queue, err)
	}
	return ticket
}

func enqueueWhileOnline(t *testing.T, m *matchq.Matcher, queue, player string) matchq.Ticket {
	t.Helper()
	return enqueue(t, m, matchq.Request{Queue: queue, Player: player, WhileOnline: true})
}

func ticketOf(t *testing.T, m *matchq.Matcher, player string) matchq.Ticket {
	t.Helper()
	got, err := m.TicketOf(t.Context(), player)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func tickQueue(t *testing.T, m *matchq.Matcher, queue string) matchq.TickReport {
	t.Helper()
	report, err := m.Tick(t.Context(), queue)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// checkWaiting checks how many tickets wait in a queue.
func checkWaiting(t *testing.T, m *matchq.Matcher, queue string, want int) {
	t.Helper()
	got, err := m.Queue(t.Context(), queue)
	if err != nil || got.Waiting != want {
		t.Errorf("%d wait in %s, want %d (%v)", got.Waiting, queue, want, err)
	}
}

// checkAudit ends the test if a ticket is lost or counted twice.
func checkAudit(t testing.TB, m *matchq.Matcher) {
	t.Helper()
	audit, err := m.AuditDeep(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if !audit.OK() {
		t.Fatalf("the audit does not add up: %q", audit.Problems)
	}
}

func keyExists(t *testing.T, env *matchqtest.Env, name string) bool {
	t.Helper()
	found, err := env.Client.Exists(t.Context(), "{"+env.Namespace+"}:"+name).Result()
	if err != nil {
		t.Fatal(err)
	}
	return found > 0
}
