package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// must runs a command on a server.
func must(t *testing.T, rdb redis.UniversalClient, command ...any) {
	t.Helper()
	if err := rdb.Do(context.Background(), command...).Err(); err != nil {
		t.Fatalf("%v: %v", command, err)
	}
}

// refusal is a way in which Redis refuses.
type refusal struct {
	code       string
	begin, end func(t *testing.T, rdb *redis.Client)
	unknown    bool // Redis does not say whether the call was made
	cluster    bool
}

func commands(lists ...[]any) func(*testing.T, *redis.Client) {
	return func(t *testing.T, rdb *redis.Client) {
		t.Helper()
		for _, command := range lists {
			must(t, rdb, command...)
		}
	}
}

// refusals are made by a client of the same server with rights of its own.
var refusals = map[string]refusal{
	"full": {
		code:  "OOM",
		begin: commands([]any{"CONFIG", "SET", "maxmemory", "1"}),
		end:   commands([]any{"CONFIG", "SET", "maxmemory", "0"}),
	},
	"a replica": {
		code:  "READONLY",
		begin: commands([]any{"REPLICAOF", "127.0.0.1", "1"}),
		end:   commands([]any{"REPLICAOF", "NO", "ONE"}),
	},
	"a stale replica": {
		code:  "MASTERDOWN",
		begin: commands([]any{"CONFIG", "SET", "replica-serve-stale-data", "no"}, []any{"REPLICAOF", "127.0.0.1", "1"}),
		end:   commands([]any{"REPLICAOF", "NO", "ONE"}, []any{"CONFIG", "SET", "replica-serve-stale-data", "yes"}),
	},
	"no rights": {
		code:  "NOPERM",
		begin: commands([]any{"ACL", "SETUSER", "default", "-evalsha", "-eval", "-xread", "-xreadgroup"}),
		end:   commands([]any{"ACL", "SETUSER", "default", "+@all"}),
	},
	"no right in mid-script": {
		code:    "NOPERM",
		unknown: true,
		begin:   commands([]any{"ACL", "SETUSER", "default", "-hset", "-zmscore"}),
		end:     commands([]any{"ACL", "SETUSER", "default", "+@all"}),
	},
	"another password": {
		code:  "WRONGPASS",
		begin: commands([]any{"ACL", "SETUSER", "default", "resetpass", ">other"}, []any{"CLIENT", "KILL", "USER", "default"}),
		end:   commands([]any{"ACL", "SETUSER", "default", "resetpass", ">secret"}),
	},
	"no disk": {
		code: "MISCONF",
		begin: func(t *testing.T, rdb *redis.Client) {
			t.Helper()
			dir := filepath.Join(t.TempDir(), "removed")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			must(t, rdb, "CONFIG", "SET", "dir", dir, "save", "10000 1")
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			must(t, rdb, "BGSAVE")
			matchqtest.Eventually(t, "saving has failed", func() bool {
				return strings.Contains(rdb.Info(context.Background(), "persistence").Val(), "rdb_last_bgsave_status:err")
			})
		},
		end: commands([]any{"CONFIG", "SET", "save", ""}),
	},
	"a script that does not end": {
		code: "BUSY",
		begin: func(t *testing.T, rdb *redis.Client) {
			t.Helper()
			must(t, rdb, "CONFIG", "SET", "busy-reply-threshold", "1")
			how := *rdb.Options()
			how.ReadTimeout, how.MaxRetries = -1, -1
			endless := redis.NewClient(&how)
			t.Cleanup(func() { _ = endless.Close() })
			go func() { _ = endless.Eval(context.Background(), "while true do end", nil).Err() }() // until it is killed
			matchqtest.Eventually(t, "redis is busy", func() bool { return redis.HasErrorPrefix(rdb.Ping(context.Background()).Err(), "BUSY") })
		},
		end: commands([]any{"SCRIPT", "KILL"}),
	},
	"a cluster without its slots": {
		code:    "CLUSTERDOWN",
		cluster: true,
		begin:   commands([]any{"CLUSTER", "DELSLOTSRANGE", 0, 16383}),
		end:     commands([]any{"CLUSTER", "ADDSLOTSRANGE", 0, 16383}),
	},
	"no replicas": {
		code:  "NOREPLICAS",
		begin: commands([]any{"CONFIG", "SET", "min-replicas-to-write", "1"}),
		end:   commands([]any{"CONFIG", "SET", "min-replicas-to-write", "0"}),
	},
}

// operator is a server whose operator has a user and a connection of their own.
func operator(t *testing.T, cluster bool) (env *matchqtest.Env, rdb *redis.Client) {
	t.Helper()
	server := matchqtest.Start(t, "--enable-protected-configs", "yes", "--cluster-enabled", map[bool]string{false: "no", true: "yes"}[cluster])
	rdb = server.Client(t)
	if cluster {
		must(t, rdb, "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
		matchqtest.Eventually(t, "the cluster works", func() bool { return rdb.Set(t.Context(), "ready", 1, 0).Err() == nil })
	}
	must(t, rdb, "ACL", "SETUSER", "operator", "on", ">operator", "~*", "&*", "+@all")
	must(t, rdb, "ACL", "SETUSER", "default", ">secret")
	env = &matchqtest.Env{Namespace: "test", Server: server}
	env.Client = userOf(t, server, "default", "secret")
	if cluster {
		how := redis.ClusterOptions{Addrs: []string{server.Addr}, Username: "default", Password: "secret", ContextTimeoutEnabled: true}
		client := redis.NewClusterClient(&how)
		t.Cleanup(func() { _ = client.Close() })
		env.Client = client
	}
	return env, userOf(t, server, "operator", "operator")
}

func userOf(t *testing.T, server *matchqtest.Server, name, password string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr, Username: name, Password: password, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}

// logged is a log that tests read.
type logged struct {
	mu   sync.Mutex
	text strings.Builder
}

func (l *logged) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logged) count(words ...string) (lines int) {
	l.mu.Lock()
	defer l.mu.Unlock()
next:
	for line := range strings.Lines(l.text.String()) {
		for _, word := range words {
			if !strings.Contains(line, word) {
				continue next
			}
		}
		lines++
	}
	return lines
}

// worker runs everything that waits for Redis.
type worker struct {
	log  logged
	m    *matchq.Matcher
	seen chan string // ids of tickets that a Watch or a Consume saw matched, each once
	errs chan error  // that Watch yields
}

func startWorker(t *testing.T, env *matchqtest.Env) *worker {
	t.Helper()
	w := &worker{seen: make(chan string, 1000), errs: make(chan error, 1000)}
	w.m = newMatcher(t, env, matchq.Config{
		Interval: 20 * time.Millisecond, Retention: time.Second, Logger: slog.New(slog.NewTextHandler(&w.log, nil)),
	})
	ctx, cancel := context.WithCancel(t.Context())
	var all sync.WaitGroup
	run := func(what string, do func() error) {
		all.Go(func() {
			if err := do(); err != nil {
				t.Errorf("%s has ended: %v", what, err)
			}
		})
	}
	tell := func(who string, ev matchq.Event) {
		if ev.Kind == matchq.Matched {
			for _, ticket := range ev.Tickets() {
				w.seen <- who + " " + ticket.ID
			}
		}
	}
	run("Run", func() error { return w.m.Run(ctx) })
	run("Watch", func() error {
		for ev, err := range w.m.Watch(ctx, matchq.FromOldest) {
			if err != nil && !errors.Is(err, matchq.ErrRefused) && !errors.Is(err, matchq.ErrUnavailable) {
				return err
			}
			if err != nil {
				w.errs <- err
				continue
			}
			tell("watch", ev)
		}
		if ctx.Err() == nil {
			return errors.New("without an error")
		}
		return nil
	})
	run("Consume", func() error {
		return w.m.Consume(ctx, "group", "worker", func(_ context.Context, ev matchq.Event) error { tell("consume", ev); return nil })
	})
	t.Cleanup(func() { cancel(); all.Wait() })
	return w
}

// pair queues two players, and waits until a Watch and a Consume have seen their match.
func (w *worker) pair(t *testing.T, name string) {
	t.Helper()
	want := map[string]bool{}
	for _, player := range []string{name + " 1", name + " 2"} {
		id := enqueueAtLast(t, w.m, "history", player).ID
		want["watch "+id], want["consume "+id] = true, true
	}
	late := time.After(20 * time.Second)
	for len(want) > 0 {
		select {
		case seen := <-w.seen:
			delete(want, seen)
		case <-late:
			t.Fatalf("not seen: %v", want)
		}
	}
}

// TestGuarantee10RefusalsAreToldAndPass has Redis refuse in each way, and sees that everything waits and recovers.
func TestGuarantee10RefusalsAreToldAndPass(t *testing.T) {
	for name, how := range refusals {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env, operator := operator(t, how.cluster)
			w := startWorker(t, env)
			w.pair(t, "before")
			how.begin(t, operator)
			var err error
			matchqtest.Eventually(t, "an enqueue is refused", func() bool {
				_, err = w.m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "refused"})
				return errors.Is(err, matchq.ErrRefused)
			})
			var refused *matchq.RefusedError
			var unknown *matchq.UnknownError
			if !errors.As(err, &refused) || refused.Code != how.code || refused.Unknown != how.unknown || errors.As(err, &unknown) != how.unknown {
				t.Errorf("enqueue: %v", err)
			}
			if !how.unknown && errors.Is(err, matchq.ErrUnavailable) {
				t.Errorf("it is taken for an outage: %v", err)
			}
			if how.code != "NOPERM" || !how.unknown {
				if err := w.m.Check(t.Context()); !errors.Is(err, matchq.ErrRefused) {
					t.Errorf("check: %v", err)
				}
			}
			if how.code != "OOM" { // in which ticks go on
				matchqtest.Eventually(t, "it is logged", func() bool { return w.log.count("ticks", how.code) > 0 })
			}
			how.end(t, operator)
			w.pair(t, "after")
			if lines := w.log.count("ticks", "level=WARN", how.code); how.code != "OOM" && lines != 1 {
				t.Errorf("%d lines say that it began:\n%s", lines, w.log.text.String())
			}
			if how.code != "OOM" {
				matchqtest.Eventually(t, "the end is logged", func() bool { return w.log.count("ticking again") == 1 })
			}
			if how.unknown {
				return // Redis kept the half of a script
			}
			checkAudit(t, newMatcher(t, env, w.m.Config()))
		})
	}
}

// TestGuarantee5RefusedAfterALostReply: the first attempt was made, and the second is refused.
func TestGuarantee5RefusedAfterALostReply(t *testing.T) {
	for _, lost := range []int{0, 1} {
		t.Run(fmt.Sprint(lost), func(t *testing.T) {
			s := spoil(t, patient)
			through := *s.env
			client := s.proxy.Client(t)
			through.Client = client
			m := newMatcher(t, &through, patient)
			client.AddHook(&beforeCall{hash: string(testkit.HashOf(t, "match/enqueue")), number: 1 + lost, do: func() {
				must(t, s.env.Client, "ACL", "SETUSER", "default", "-evalsha")
			}})
			before := position(t, s.calm)
			if lost > 0 {
				s.proxy.LoseReplies(testkit.HashOf(t, "match/enqueue"), lost)
			}
			_, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: "alice"})
			must(t, s.env.Client, "ACL", "SETUSER", "default", "+@all")
			var unknown *matchq.UnknownError
			if !errors.Is(err, matchq.ErrRefused) || errors.As(err, &unknown) != (lost > 0) {
				t.Fatalf("enqueue: %v", err)
			}
			if lost > 0 {
				if got := take(t, s.calm, before, 1)[0].Ticket; got.ID != unknown.TicketID || got.Reason != matchq.ReasonVoid {
					t.Errorf("ended: %+v", got)
				}
			}
			checkWaiting(t, s.calm, "history", 0)
			checkAudit(t, s.calm)
		})
	}
}

// TestForgettingGoesOnWhenTicksFail for lack of a right that ticks need.
func TestForgettingGoesOnWhenTicksFail(t *testing.T) {
	env, operator := operator(t, false)
	m := newMatcher(t, env, matchq.Config{Retention: time.Second, Interval: 20 * time.Millisecond, Logger: slog.New(slog.DiscardHandler)})
	for i := range 100 {
		made := enqueue(t, m, "history", fmt.Sprint(i))
		if err := m.Cancel(t.Context(), made.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	enqueue(t, m, "history", "alice")
	enqueue(t, m, "history", "bob")
	must(t, operator, "ACL", "SETUSER", "default", "-zmscore")
	ctx, cancel := context.WithCancel(t.Context())
	ran := make(chan error, 1)
	go func() { ran <- m.Run(ctx) }()
	defer func() {
		cancel()
		if err := <-ran; err != nil {
			t.Errorf("run: %v", err)
		}
	}()
	matchqtest.Eventually(t, "the cancelled are forgotten", func() bool {
		stats, err := m.Stats(t.Context())
		return err == nil && stats.Forgotten == 100 && stats.Waiting == 2
	})
}
