package sender

import (
	"context"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

type traceKey struct{}

// A batch has the values of its first row's context, such as a trace, and neither its end nor its deadline.
func TestABatchBelongsToTheTraceOfItsFirstRow(t *testing.T) {
	type seen struct {
		trace any
		err   error
		rows  int
	}
	calls, goOn := make(chan seen), make(chan struct{})
	s := New(Config[string, string]{
		Space: space.New(space.Config{Timeout: time.Hour}), Limit: 10, Room: 10,
		Send: func(ctx context.Context, batch []*Pending[string, string], _ []string) error {
			<-goOn
			calls <- seen{ctx.Value(traceKey{}), ctx.Err(), len(batch)}
			return nil
		},
		Sent: func([]*Pending[string, string], []string) {},
	})
	s.youth = 0
	add := func(player string) {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), traceKey{}, "trace of "+player))
		s.Add(ctx, player, Key{Queue: "quiz", Player: player})
		cancel()
	}
	add("alice")
	add("bob")
	add("carol")
	for _, want := range []seen{{"trace of alice", nil, 1}, {"trace of bob", nil, 2}} {
		goOn <- struct{}{}
		if got := <-calls; got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
	}
}
