package waiters_test

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/waiters"
	"github.com/matchq/matchq/matchq/matchqtest"
)

var (
	errNotFound = errors.New("not found")
	errLost     = errors.New("lost")
)

// still is a Vigil that never sees a loss.
type still struct{}

func (still) Follow(context.Context, func()) func() { return func() {} }
func (still) Check(context.Context) error           { return nil }
func (still) Jumps() int64                          { return 0 }

// A ticket is enqueued while a lookup that found nothing is under way. A later call waits for it: only the call
// before is told that it was not found.
func TestALookupTellsNothingOfLaterCalls(t *testing.T) {
	t.Parallel()
	var looks atomic.Int32
	found, tell := make(chan waiters.Standing), make(chan string)
	w := waiters.New(waiters.Source[string]{
		Space: space.New(space.Config{Client: matchqtest.Embedded(t).Client, Logger: slog.New(slog.DiscardHandler)}), Vigil: still{},
		Position: func(context.Context) (string, error) { return "0-0", nil },
		Watch: func(ctx context.Context, _ string, end func(string, string)) error {
			select {
			case id := <-tell:
				end(id, "matched")
			case <-ctx.Done():
			}
			<-ctx.Done()
			return nil
		},
		Standings: func(_ context.Context, ids []string) ([]waiters.Standing, error) {
			looks.Add(1)
			standings := make([]waiters.Standing, len(ids))
			for i := range ids {
				standings[i] = <-found
			}
			return standings, nil
		},
		Ticket: func(context.Context, string) (string, error) { return "", errNotFound },
		Gap:    errors.New("gap"), NotFound: errNotFound, Lost: errLost,
	})
	type end struct {
		value string
		err   error
	}
	wait := func(ctx context.Context) chan end {
		ended := make(chan end, 1)
		go func() {
			value, err := w.Wait(ctx, "a")
			ended <- end{value, err}
		}()
		return ended
	}
	early := wait(t.Context())
	matchqtest.Eventually(t, "the ticket is looked up", func() bool { return looks.Load() == 1 })
	ctx, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	late := wait(ctx)
	matchqtest.Eventually(t, "both wait", func() bool { return w.Callers("a") == 2 })
	found <- waiters.Absent
	if got := <-early; !errors.Is(got.err, errNotFound) {
		t.Errorf("the early call: %+v", got)
	}
	select {
	case found <- waiters.Live:
	case got := <-late:
		t.Fatalf("the late call, without a lookup of its own: %+v", got)
	}
	tell <- "a"
	if got := <-late; got.value != "matched" || got.err != nil {
		t.Errorf("the late call: %+v", got)
	}
}
