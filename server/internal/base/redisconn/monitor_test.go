package redisconn

import (
	"context"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// lines is a log.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *lines) count(part string) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return strings.Count(l.text.String(), part)
}

// monitored runs a Monitor on a Redis as a user whose rights can be changed.
func monitored(t *testing.T) (*Monitor, *lines, func(command ...any)) {
	t.Helper()
	env := matchqtest.Real(t)
	do := func(command ...any) {
		t.Helper()
		if err := env.Client.Do(t.Context(), command...).Err(); err != nil {
			t.Fatalf("%v: %v", command, err)
		}
	}
	do("ACL", "SETUSER", "u", "on", ">p", "~{n}:*", "&{n}:*", "+@all")
	conn, err := Open(t.Context(), strings.Replace(env.URL, "redis://", "redis://u:p@", 1))
	if err != nil {
		t.Fatal(err)
	}
	log := &lines{}
	m := NewMonitor(conn, "{n}", slog.New(slog.NewTextHandler(log, nil)))
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() { m.Run(ctx) })
	t.Cleanup(func() {
		cancel()
		running.Wait()
		_ = conn.Close()
	})
	matchqtest.Eventually(t, "it listens", func() bool { return env.Client.PubSubNumSub(t.Context(), "{n}:probe").Val()["{n}:probe"] > 0 })
	return m, log, do
}

func (m *Monitor) tells(t *testing.T, code string) {
	t.Helper()
	matchqtest.Eventually(t, "the monitor tells "+code, func() bool {
		f := m.Refusal()
		return f == nil && code == "" || f != nil && f.Refusal == code
	})
}

// Each right that is taken away is noticed, and given back too; one line is logged for each.
func TestMonitor(t *testing.T) {
	t.Parallel()
	for name, take := range map[string][]any{
		"SET":       {"-set"},
		"keys":      {"resetkeys"},
		"PUBLISH":   {"-publish"},
		"SUBSCRIBE": {"-subscribe"},
		"channels":  {"resetchannels"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m, log, do := monitored(t)
			m.tells(t, "")
			do(append([]any{"ACL", "SETUSER", "u"}, take...)...)
			if name == "SUBSCRIBE" { // a subscription outlives the right to make one
				do("CLIENT", "KILL", "TYPE", "pubsub")
			}
			m.tells(t, "NOPERM")
			do("ACL", "SETUSER", "u", "reset", "on", ">p", "~{n}:*", "&{n}:*", "+@all")
			m.tells(t, "")
			if log.count("redis refuses to") != 1 || log.count("redis accepts calls again") != 1 {
				t.Errorf("the log is %s", log.text.String())
			}
		})
	}
}

// A Redis that can't be written to is worse than one that is full. One that is full off and on is full.
func TestMonitorOfTwoRefusals(t *testing.T) {
	t.Parallel()
	m, log, do := monitored(t)
	do("CONFIG", "SET", "maxmemory", "1")
	m.tells(t, "OOM")
	do("ACL", "SETUSER", "u", "-publish")
	m.tells(t, "NOPERM")
	do("ACL", "SETUSER", "u", "+publish")
	m.tells(t, "OOM")
	do("CONFIG", "SET", "maxmemory", "0")
	m.tells(t, "")
	if log.count("redis refuses to") != 3 || log.count("redis accepts calls again") != 1 {
		t.Errorf("the log is %s", log.text.String())
	}
}
