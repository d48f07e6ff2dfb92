package presence_test

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// command runs a command on a server.
func command(t *testing.T, env *matchqtest.Env, words ...any) {
	t.Helper()
	if err := env.Client.Do(context.Background(), words...).Err(); err != nil {
		t.Fatalf("%v: %v", words, err)
	}
}

// A refused Connect tells no other node that its connection was replaced.
func TestARefusedConnectReplacesNobody(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	_, p := newPresence(t, env, quiet(matchq.Config{}))
	a := startNode(t, p, presence.NodeConfig{Lease: time.Minute})
	b := startNode(t, p, presence.NodeConfig{Lease: time.Minute})
	a.connect(t, "alice", "a1")
	command(t, env, "REPLICAOF", "127.0.0.1", "1")
	var refused *matchq.RefusedError
	if _, err := b.Connect(t.Context(), "alice", "b1", ""); !errors.As(err, &refused) || refused.Code != "READONLY" || refused.Unknown {
		t.Errorf("connect: %v", err)
	}
	command(t, env, "REPLICAOF", "NO", "ONE")
	matchqtest.Eventually(t, "a message is heard by the old connection", func() bool {
		_ = p.Send(t.Context(), presence.Message{Player: "alice", Event: "hello", DedupKey: "once"})
		return slices.Contains(a.list(&a.heard), "a1 hello")
	})
	if replaced := a.list(&a.replaced); len(replaced) > 0 {
		t.Errorf("replaced: %v", replaced)
	}
}

// lines is a log that tests read.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(word string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), word)
}

// A node whose rights are taken away for longer than its lease goes on when it has them again. Nobody is evicted.
func TestANodeOutlivesMissingRights(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	var log lines
	m, p := newPresence(t, env, matchq.Config{Interval: 20 * time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))})
	a := startNode(t, p, presence.NodeConfig{Lease: 200 * time.Millisecond, Grace: 50 * time.Millisecond})
	a.connect(t, "alice", "a1")
	made := enqueueWhileOnline(t, m, "history", "alice")
	command(t, env, "ACL", "SETUSER", "default", "-evalsha", "-eval")
	matchqtest.Eventually(t, "the refusal is logged", func() bool { return log.count("not announced") == 1 })
	leaseIsOver := func() bool {
		ends, err := env.Client.ZScore(t.Context(), "{"+env.Namespace+"}:nodes", a.ID()).Result()
		now, failed := env.Client.Time(t.Context()).Result()
		return err == nil && failed == nil && ends < float64(now.UnixMilli())
	}
	matchqtest.Eventually(t, "the lease is over", leaseIsOver)
	if _, err := a.Connect(t.Context(), "bob", "b1", ""); !errors.Is(err, matchq.ErrRefused) {
		t.Errorf("connect: %v", err)
	}
	command(t, env, "ACL", "SETUSER", "default", "+@all")
	matchqtest.Eventually(t, "the end is logged", func() bool { return log.count("knows the players") == 1 })
	matchqtest.Eventually(t, "alice is announced", func() bool { return whereIs(t, p, "alice") == "a1" })
	if got, err := m.Ticket(t.Context(), made.ID); err != nil || got.State != matchq.Waiting {
		t.Errorf("alice's ticket: %+v, %v", got, err)
	}
	if n := log.count("not announced"); n != 1 {
		t.Errorf("%d lines say that it began", n)
	}
}
