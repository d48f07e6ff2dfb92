package limits_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync"
	"sync/atomic"
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
type touched struct{ keys map[string]bool }

func (c *touched) DialHook(next redis.DialHook) redis.DialHook { return next }

func (c *touched) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		c.note(cmd)
		return next(ctx, cmd)
	}
}

func (c *touched) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			c.note(cmd)
		}
		return next(ctx, cmds)
	}
}

func (c *touched) note(cmd redis.Cmder) {
	switch cmd.Name() {
	case "evalsha", "eval":
		c.keys[fmt.Sprint(cmd.Args()[3])] = true
	case "unlink":
		c.keys[fmt.Sprint(cmd.Args()[1])] = true
	}
}

// player charges a player alone.
func player(t *testing.T, l *limits.Limiter, name string) error {
	t.Helper()
	return l.Players(t.Context(), []string{name})[0]
}

// All keys belong to the namespace, whether Redis knows the script or not.
func TestKeysBelongToTheNamespace(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		seen := &touched{map[string]bool{}}
		env.Client.AddHook(seen)
		l := limits.New(env.Client, env.Namespace, limits.Rate{Tickets: 1, Per: time.Hour}, limits.Rate{Tickets: 2, Per: time.Hour}, matchqtest.Patience)
		if err := l.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for i, want := range []wire.Code{"", wire.CodeRateLimited} {
			if err := player(t, l, "alice"); codeOf(err) != want {
				t.Errorf("ticket %d of alice: %v", i+1, err)
			}
		}
		for i, want := range []wire.Code{"", "", wire.CodeRateLimited} {
			if err := l.Address(t.Context(), "192.0.2.1", 1); codeOf(err) != want {
				t.Errorf("ticket %d of the address: %v", i+1, err)
			}
		}
		env.Client.ScriptFlush(t.Context())
		if err := l.Ticket(t.Context(), "192.0.2.1", "bob"); codeOf(err) != wire.CodeRateLimited {
			t.Errorf("a ticket after the scripts were lost: %v", err)
		}
		prefix := "{" + env.Namespace + "}:rate:"
		for key, stays := range map[string]bool{"player:alice": true, "player:bob": true, "address:192.0.2.1": true, "check": false} {
			if !seen.keys[prefix+key] {
				t.Errorf("the key %s was not used: %v", prefix+key, seen.keys)
			}
			if n := env.Client.Exists(t.Context(), prefix+key).Val(); n == 1 != stays {
				t.Errorf("%s exists: %d", prefix+key, n)
			}
		}
		if len(seen.keys) != 4 {
			t.Errorf("keys: %v", seen.keys)
		}
	})
}

// Requests that are charged together pass as if each came alone: as many as the limit allows, for whichever players.
func TestChargesTogether(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		l := limits.New(env.Client, env.Namespace, limits.Rate{Tickets: 3, Per: time.Hour}, limits.Rate{Tickets: 100, Per: time.Hour}, matchqtest.Patience)
		var passed [4]atomic.Int64
		var all sync.WaitGroup
		for i := range 400 {
			all.Go(func() {
				who := i % 4
				address := "192.0.2." + strconv.Itoa(who%2)
				err := l.Ticket(t.Context(), address, fmt.Sprintf("player-%d", who))
				if err == nil {
					passed[who].Add(1)
				} else if codeOf(err) != wire.CodeRateLimited {
					t.Error(err)
				}
			})
		}
		all.Wait()
		for who := range passed {
			if n := passed[who].Load(); n > 3 {
				t.Errorf("player %d passed %d times", who, n)
			}
		}
		for i := range 2 { // the address has been charged for all, and refuses others
			if err := l.Ticket(t.Context(), "192.0.2."+strconv.Itoa(i), "newcomer"); codeOf(err) != wire.CodeRateLimited {
				t.Errorf("a newcomer: %v", err)
			}
		}
	})
}

// A batch's sum is refused, and those before it that fit are not.
func TestSumThatDoesNotFit(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		l := limits.New(env.Client, env.Namespace, limits.Rate{}, limits.Rate{Tickets: 10, Per: time.Hour}, matchqtest.Patience)
		if err := l.Address(t.Context(), "192.0.2.1", 7); err != nil {
			t.Fatal(err)
		}
		var passed atomic.Int64
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() {
				if l.Address(t.Context(), "192.0.2.1", 1) == nil {
					passed.Add(1)
				}
			})
		}
		all.Wait()
		if passed.Load() != 3 {
			t.Errorf("%d of 50 passed where 3 have room", passed.Load())
		}
	})
}

// epoch is the moment from which redis_rate counts seconds.
var epoch = time.Date(2017, 1, 1, 0, 0, 0, 0, time.UTC)

// A count from before Redis's clock was set back is dropped; one that a batch has made is kept.
func TestCountAheadOfTheClock(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		l := limits.New(env.Client, env.Namespace, limits.Rate{Tickets: 2, Per: time.Second}, limits.Rate{Tickets: 10, Per: time.Minute}, matchqtest.Patience)
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
		if err := player(t, l, "alice"); err != nil {
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
	l := limits.New(env.Client, env.Namespace, limits.Rate{Tickets: 2, Per: time.Second}, limits.Rate{}, matchqtest.Patience)
	charge := func() wire.Code { return codeOf(player(t, l, "alice")) }
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
