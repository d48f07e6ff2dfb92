package turns_test

import (
	"context"
	"errors"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/turns"
	"github.com/matchq/matchq/server/internal/base/wire"
)

func codeOf(err error) wire.Code {
	if refused, ok := errors.AsType[*wire.Error](err); ok {
		return refused.Code
	}
	return ""
}

// Those who wait work in order, and one more than there is room for is refused at once.
func TestTurns(t *testing.T) {
	const room = 3
	all := turns.New(1, room)
	release := occupy(t, all)
	served := make(chan int, room)
	for i := range room {
		go func() {
			err := all.Do(t.Context(), func() error {
				served <- i
				return nil
			})
			if err != nil {
				t.Error(err)
			}
		}()
		matchqtest.Eventually(t, "it waits", func() bool { return all.Waiting() == i+1 })
	}
	if err := all.Do(t.Context(), nothing); codeOf(err) != wire.CodeOverloaded {
		t.Errorf("one too many: %v", err)
	}
	release(nil)
	for want := range room {
		if got := <-served; got != want {
			t.Errorf("number %d was served in place %d", got, want)
		}
	}
}

func nothing() error { return nil }

// occupy takes the only turn, and returns how to end the work.
func occupy(t *testing.T, all *turns.Turns) (release func(error)) {
	t.Helper()
	working, end, ended := make(chan struct{}), make(chan error), make(chan struct{})
	go func() {
		defer close(ended)
		_ = all.Do(t.Context(), func() error {
			close(working)
			return <-end
		})
	}()
	<-working
	return func(err error) {
		end <- err
		<-ended
	}
}

// A caller that waits when Redis is found away hears so at once; a later one works. One may give up.
func TestRedisIsAway(t *testing.T) {
	all := turns.New(1, 10)
	release := occupy(t, all)
	heard := make(chan error)
	wait := func(ctx context.Context) { heard <- all.Do(ctx, nothing) }
	ctx, cancel := context.WithCancel(t.Context())
	go wait(ctx)
	matchqtest.Eventually(t, "one waits", func() bool { return all.Waiting() == 1 })
	cancel()
	if err := <-heard; !errors.Is(err, context.Canceled) {
		t.Errorf("one who gave up: %v", err)
	}
	for range 3 {
		go wait(t.Context())
	}
	matchqtest.Eventually(t, "three wait", func() bool { return all.Waiting() == 3 })
	go release(matchq.ErrUnavailable)
	for range 3 {
		if err := <-heard; codeOf(err) != wire.CodeRedisUnavailable {
			t.Errorf("one who waited: %v", err)
		}
	}
	if err := all.Do(t.Context(), nothing); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
