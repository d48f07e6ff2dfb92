package space_test

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	. "github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/matchqtest"
)

var settleScript = Bind[settleArgs]("match/settle")

type settleArgs struct {
	Limit int `lua:"limit"`
}

type wakeArgs struct {
	Version string `lua:"version"`
	Rows    []struct {
		Queue      string `lua:"queue"`
		IntervalMS int64  `lua:"interval_ms"`
		PhaseMS    int64  `lua:"phase_ms"`
	} `lua:"row"`
}

func newSpace(t *testing.T, env *matchqtest.Env, timeout time.Duration, agree func(context.Context, string, bool) error) *Space {
	t.Helper()
	return New(Config{
		Client: env.Client, Namespace: env.Namespace, Timeout: timeout, Logger: slog.New(slog.DiscardHandler),
		Guard: Guard{Fingerprint: "settings", Agree: agree},
	})
}

// A call whose configuration is not in force asks the guard, and is repeated if the guard agrees.
func TestGuard(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		refusal := errors.New("no")
		var asked []string
		var s *Space
		agree := func(ctx context.Context, theirs string, before bool) error {
			asked = append(asked, theirs)
			if before {
				return refusal
			}
			return env.Client.HSet(ctx, s.Key(Meta), "config", "settings").Err()
		}
		s = newSpace(t, env, matchqtest.Patience, agree)
		for range 2 {
			if _, err := settleScript.Call(t.Context(), s, settleArgs{Limit: 32}); err != nil {
				t.Fatal(err)
			}
		}
		if err := env.Client.HSet(t.Context(), s.Key(Meta), "config", "others").Err(); err != nil {
			t.Fatal(err)
		}
		if _, err := settleScript.Call(t.Context(), s, settleArgs{Limit: 32}); !errors.Is(err, refusal) || !IsSettled(err) {
			t.Errorf("another configuration: %v", err)
		}
		if len(asked) != 2 || asked[0] != "" || asked[1] != "others" {
			t.Errorf("the guard was asked about %q", asked)
		}
	})
}

// A guard that agrees without effect does not make a call repeat for ever.
func TestGuardThatChangesNothing(t *testing.T) {
	asked := 0
	s := newSpace(t, matchqtest.Embedded(t), matchqtest.Patience, func(context.Context, string, bool) error { asked++; return nil })
	_, err := settleScript.Call(t.Context(), s, settleArgs{Limit: 32})
	if !errors.Is(err, ErrUnavailable) || IsSettled(err) || asked != MaxDisagreements {
		t.Errorf("asked %d times: %v", asked, err)
	}
}

// A call under other rules than those in force changes nothing, and says which are.
func TestRuled(t *testing.T) {
	wake := Bind[wakeArgs]("match/wake")
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		s := newSpace(t, env, matchqtest.Patience, nil)
		for _, inForce := range []string{"", "2.b"} {
			if inForce != "" {
				if err := env.Client.HSet(t.Context(), s.Key(Meta), "rules", inForce).Err(); err != nil {
					t.Fatal(err)
				}
			}
			_, err := wake.Call(t.Context(), s, wakeArgs{Version: "1.a"})
			if stale, ok := errors.AsType[*StaleError](err); !ok || stale.InForce != inForce {
				t.Errorf("%q in force: %v", inForce, err)
			}
		}
		if _, err := wake.Call(t.Context(), s, wakeArgs{Version: "2.b"}); err != nil {
			t.Error(err)
		}
	})
}

// A call ends with its context or its time-out, whichever is first; a call to the end waits for the driver.
func TestCallsAreBounded(t *testing.T) {
	env := matchqtest.Embedded(t)
	s := newSpace(t, env, 50*time.Millisecond, nil)
	driver := make(chan struct{})
	stuck := func(context.Context, redis.UniversalClient) (int, error) { <-driver; return 1, nil }
	if _, err := Do(t.Context(), s, "wait", stuck); !errors.Is(err, ErrUnavailable) || !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("after the time-out: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Do(ctx, s, "wait", stuck); errors.Is(err, ErrUnavailable) || !errors.Is(err, context.Canceled) {
		t.Errorf("after the context: %v", err)
	}
	close(driver)
	patient := newSpace(t, env, matchqtest.Patience, nil)
	if n, err := Do(t.Context(), patient, "wait", stuck); n != 1 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
}

// refusals are errors of Redis; those about its state are temporary.
func TestRefusals(t *testing.T) {
	s := newSpace(t, matchqtest.Embedded(t), matchqtest.Patience, nil)
	ask := func(command ...any) error {
		_, err := Do(t.Context(), s, "ask", func(ctx context.Context, rdb redis.UniversalClient) (any, error) {
			return rdb.Do(ctx, command...).Result()
		})
		return err
	}
	if err := ask("NONSENSE"); err == nil || !IsSettled(err) || errors.Is(err, ErrUnavailable) {
		t.Errorf("an unknown command: %v", err)
	}
	if err := s.Failure("ask", errors.New("connection refused"), false); !Passes(err) || IsSettled(err) || !errors.Is(err, ErrUnavailable) {
		t.Errorf("no answer: %v", err)
	}
}
