package gather_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// Each question gets its own answer, and those that come while two calls are under way go together.
func TestQuestionsGoTogether(t *testing.T) {
	const room = 100
	calls := make(chan []int, 2+room)
	release := make(chan struct{})
	g := gather.Group[int, int]{Timeout: time.Minute, Most: 5, Room: room, Ask: func(_ context.Context, questions []int) ([]int, error) {
		calls <- questions
		<-release
		answers := make([]int, len(questions))
		for i, q := range questions {
			answers[i] = q * q
		}
		return answers, nil
	}}
	asked := map[int]*gather.Question[int, int]{}
	for q := range 2 {
		asked[q] = g.Begin(q)
		if got := <-calls; len(got) != 1 {
			t.Fatalf("call %d has %v", q, got)
		}
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	for q := 2; q < 7; q++ {
		if _, err := g.Do(gone, q); !errors.Is(err, context.Canceled) { // it waits to be asked all the same
			t.Errorf("%d: %v", q, err)
		}
	}
	for q := 7; q < 2+room; q++ {
		asked[q] = g.Begin(q)
	}
	if _, err := g.Do(t.Context(), 0); !isOverloaded(err) {
		t.Errorf("the room is full: %v", err)
	}
	close(release)
	for q, question := range asked {
		if got, err := question.Wait(t.Context()); got != q*q || err != nil {
			t.Errorf("%d: %d, %v", q, got, err)
		}
	}
	if got := <-calls; len(got) != 5 {
		t.Errorf("the next call has %v", got)
	}
}

func isOverloaded(err error) bool {
	refused, ok := errors.AsType[*wire.Error](err)
	return ok && refused.Code == wire.CodeOverloaded && refused.RetryAfter > 0
}

// An error is everybody's; a caller that gives up hears so at once.
func TestErrorsAndGivingUp(t *testing.T) {
	broken := errors.New("broken")
	release := make(chan struct{})
	g := gather.Group[int, int]{Timeout: time.Minute, Most: 5, Room: 7, Ask: func(context.Context, []int) ([]int, error) {
		<-release
		return nil, broken
	}}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := g.Do(ctx, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("after giving up: %v", err)
	}
	close(release)
	if _, err := g.Do(t.Context(), 2); !errors.Is(err, broken) {
		t.Errorf("the error of the call: %v", err)
	}
}

// Settle waits as long as more come, and for no more than enough.
func TestSettle(t *testing.T) {
	for _, c := range []struct{ stops, enough, want int }{{5, 100, 6}, {1, 100, 2}, {100, 20, 20}, {0, 100, 1}} {
		waiting, looked := 0, 0
		gather.Settle(c.enough, func() int {
			looked++
			waiting = min(waiting+1, c.stops)
			return waiting
		})
		if looked != c.want {
			t.Errorf("of %d come one by one, where %d are enough: looked %d times, want %d", c.stops, c.enough, looked, c.want)
		}
	}
}
