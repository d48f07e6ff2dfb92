package matchq

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/work"
)

// ConsumeTogether hands all events of the namespace to the workers of a group in large pieces, for work that is cheaper
// done at once than Consume, which hands over one by one: handle gets all events of up to eight entries of the stream
// together, each of up to 50 matches, or as many as ended together. Every group gets every event from the oldest kept on.
//
// Each event is handled at least once, as long as it is within Config.Retention. Events that a worker has not finished
// come again together: to the same worker when it comes back, or to another one after patience, at least 10 ms, which
// must be longer than handle takes. Workers that live at the same time need names of their own: what one of them has not
// finished comes to another of its name too. A worker that ends with nothing left to do is removed from the group, and so is a
// killed one, after 20 times the patience: workers may have new names each time.
//
// An error of handle ends ConsumeTogether with that error, as does an *InvalidError about the names. While Redis is away,
// or refuses, it logs that and goes on trying. It skips an unreadable entry, and logs that. When ctx ends it returns nil.
func (m *Matcher) ConsumeTogether(
	ctx context.Context, group, worker string, patience time.Duration, handle func(context.Context, []Event) error,
) error {
	if err := CheckName("group", group); err != nil {
		return err
	}
	if err := CheckName("worker", worker); err != nil {
		return err
	}
	if err := checkDuration("patience", patience, 10*time.Millisecond); err != nil {
		return err
	}
	return work.RunTogether(ctx, work.Together[Event]{
		Space: m.space, Group: group, Worker: worker, Patience: patience, Handle: handle,
		Parse: func(message redis.XMessage) (events []Event, err error) {
			e, err := parseMessage(message)
			if err != nil {
				return nil, err
			}
			for place := range e.Places() {
				events = append(events, e.event(place))
			}
			return events, nil
		},
	})
}
