package limits_test

import (
	"context"
	"errors"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/base/wire"
)

func codeOf(err error) wire.Code {
	if refused, ok := errors.AsType[*wire.Error](err); ok {
		return refused.Code
	}
	return ""
}

// touched notes the keys of all commands.
type touched struct {
	redis.UniversalClient
	keys map[string]bool
}

func (c *touched) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	c.note(keys)
	return c.UniversalClient.EvalSha(ctx, sha1, keys, args...)
}

func (c *touched) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	c.note(keys)
	return c.UniversalClient.Eval(ctx, script, keys, args...)
}

func (c *touched) Unlink(ctx context.Context, keys ...string) *redis.IntCmd {
	c.note(keys)
	return c.UniversalClient.Unlink(ctx, keys...)
}

func (c *touched) note(keys []string) {
	for _, key := range keys {
		c.keys[key] = true
	}
}

// All keys belong to the namespace, whether Redis knows the script or not.
func TestKeysBelongToTheNamespace(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		rdb := &touched{env.Client, map[string]bool{}}
		l := limits.New(rdb, env.Namespace, limits.Rate{Tickets: 1, Per: time.Hour}, limits.Rate{Tickets: 2, Per: time.Hour})
		if err := l.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, want := range []wire.Code{"", wire.CodeRateLimited} {
			if err := l.Player(t.Context(), "alice"); codeOf(err) != want {
				t.Errorf("ticket %d of alice: %v", i+1, err)
			}
		}
		for i, want := range []wire.Code{"", "", wire.CodeRateLimited} {
			if err := l.Address(t.Context(), "192.0.2.1", 1); codeOf(err) != want {
				t.Errorf("ticket %d of the address: %v", i+1, err)
			}
		}
		prefix := "{" + env.Namespace + "}:rate:"
		for key, stays := range map[string]bool{"player:alice": true, "address:192.0.2.1": true, "check": false} {
			if !rdb.keys[prefix+key] {
				t.Errorf("the key %s was not used: %v", prefix+key, rdb.keys)
			}
			if n := env.Client.Exists(t.Context(), prefix+key).Val(); n == 1 != stays {
				t.Errorf("%s exists: %d", prefix+key, n)
			}
		}
		if len(rdb.keys) != 3 {
			t.Errorf("keys: %v", rdb.keys)
		}
	})
}

// epoch is what redis_rate counts seconds from.
var epoch = time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)

// A count from before Redis's clock was set back is dropped; one that a batch has made is kept.
func TestCountAheadOfTheClock(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		l := limits.New(env.Client, env.Namespace, limits.Rate{Tickets: 2, Per: time.Second}, limits.Rate{Tickets: 10, Per: time.Minute})
		now, err := env.Client.Time(t.Context()).Result()
		if err != nil {
			t.Fatal(err)
		}
		ahead := func(key string, d time.Duration) {
			count := strconv.FormatFloat(now.Add(d).Sub(epoch).Seconds(), 'f', 3, 64)
			if err := env.Client.Set(t.Context(), "{"+env.Namespace+"}:rate:"+key, count, time.Hour).Err(); err != nil {
				t.Fatal(err)
			}
		}
		for _, key := range []string{"player:alice", "address:192.0.2.1"} {
			ahead(key, 3*time.Hour) // a batch lasts for 100 minutes
		}
		if err := l.Player(t.Context(), "alice"); err != nil {
			t.Errorf("alice: %v", err)
		}
		if err := l.Address(t.Context(), "192.0.2.1", 1); err != nil {
			t.Errorf("the address: %v", err)
		}
		if err := l.Address(t.Context(), "192.0.2.2", limits.MaxBatch); err != nil {
			t.Fatal(err)
		}
		if err := l.Address(t.Context(), "192.0.2.2", 1); codeOf(err) != wire.CodeRateLimited {
			t.Errorf("after a batch: %v", err)
		}
	})
}

// With the clock set back by an hour a player is refused for no longer than a burst lasts.
func TestClockSetBack(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.Date(2030, 1, 1, 12, 0, 0, 0, time.UTC)
	env.Embedded.SetTime(now)
	l := limits.New(env.Client, env.Namespace, limits.Rate{Tickets: 2, Per: time.Second}, limits.Rate{})
	charge := func() wire.Code { return codeOf(l.Player(t.Context(), "alice")) }
	for i, want := range []wire.Code{"", "", wire.CodeRateLimited} {
		if got := charge(); got != want {
			t.Fatalf("charge %d: %q", i+1, got)
		}
	}
	env.Embedded.SetTime(now.Add(-time.Hour))
	for i, want := range []wire.Code{"", "", wire.CodeRateLimited} { // a new count, and its limit
		if got := charge(); got != want {
			t.Errorf("charge %d an hour earlier: %q", i+1, got)
		}
	}
	env.Embedded.SetTime(now.Add(-time.Hour + time.Second))
	if got := charge(); got != "" {
		t.Errorf("a second later: %q", got)
	}
}
