package matchq_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// inRun waits until Redis knows of n processes in Run.
func inRun(t *testing.T, env *matchqtest.Env, n int64) {
	t.Helper()
	matchqtest.Eventually(t, "redis knows who runs", func() bool {
		return env.Client.ZCard(t.Context(), "{"+env.Namespace+"}:runs").Val() == n
	})
}

// While a process is in Run, another configuration is refused at its own call, though no ticket lives; once Run has
// ended it may take over.
func TestARunningNodeIsNotOverruled(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		healthy, other := newMatcher(t, env, matchq.Config{}), newMatcher(t, env, matchq.Config{Retention: time.Minute})
		ctx, stop := context.WithCancel(t.Context())
		done := make(chan error, 1)
		go func() { done <- healthy.Run(ctx) }()
		inRun(t, env, 1)
		var refused *matchq.ConfigError
		if _, err := other.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: "alice"}); !errors.As(err, &refused) {
			t.Errorf("enqueue: %v", err)
		}
		if err := other.Run(t.Context()); !errors.As(err, &refused) {
			t.Errorf("run: %v", err)
		}
		if err := healthy.Check(t.Context()); err != nil {
			t.Errorf("the node that runs: %v", err)
		}
		stop()
		if err := <-done; err != nil {
			t.Errorf("the node that runs: %v", err)
		}
		inRun(t, env, 0)
		enqueue(t, other, "q", "alice")
	})
}

// A node that was killed keeps others out for three seconds, and so does one that a clock that was ahead has left.
func TestAKilledNodeIsOverruledSoon(t *testing.T) {
	for name, score := range map[string]time.Duration{"killed": 3 * time.Second, "clock": time.Hour} {
		t.Run(name, func(t *testing.T) {
			env := matchqtest.Embedded(t)
			now := time.Now()
			env.Embedded.SetTime(now)
			first, other := newMatcher(t, env, matchq.Config{}), newMatcher(t, env, matchq.Config{Retention: time.Minute})
			if err := first.Resume(t.Context(), "q"); err != nil { // brings its configuration into force
				t.Fatal(err)
			}
			run := redis.Z{Score: float64(now.Add(score).UnixMilli()), Member: "killed"}
			if err := env.Client.ZAdd(t.Context(), "{"+env.Namespace+"}:runs", run).Err(); err != nil {
				t.Fatal(err)
			}
			var refused *matchq.ConfigError
			_, err := other.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: "alice"})
			if errors.As(err, &refused) != (name == "killed") {
				t.Errorf("at once: %v", err)
			}
			env.Embedded.SetTime(now.Add(3 * time.Second))
			if name == "killed" {
				enqueue(t, other, "q", "alice")
			}
		})
	}
}
