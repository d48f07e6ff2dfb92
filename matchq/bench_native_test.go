package matchq_test

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
	"github.com/rs/xid"

	"github.com/matchq/matchq/matchq"
)

// native moves the same data as matchq with plain commands, like a careless program: no scripts, no checks, nothing
// atomic.
type native struct {
	*lab
	rdb    redis.UniversalClient
	prefix string
	ids    []string
}

// prepare makes the data whose cost is not measured.
func (n *native) prepare(requests []matchq.Request) {
	n.ids = make([]string, len(requests))
	for i := range n.ids {
		n.ids[i] = xid.New().String()
	}
}

// enqueue queues players with four commands each, with a number of players in one pipeline.
func (n *native) enqueue(requests []matchq.Request, inOnePipeline int) {
	n.Helper()
	ids := n.ids
	for some := range slices.Chunk(requests, inOnePipeline) {
		_, err := n.pipeline(some, ids).Exec(context.Background())
		n.must(err)
		ids = ids[len(some):]
	}
}

// pipeline is the four commands of each of some players.
func (n *native) pipeline(requests []matchq.Request, ids []string) redis.Pipeliner {
	ctx := context.Background()
	pipe := n.rdb.Pipeline()
	for i, r := range requests {
		record := "1700000060000\t1700000000000\t" + r.Player + "\t" + r.Queue + "\t\t\t" + string(r.Attributes)
		pipe.HSetNX(ctx, n.prefix+"players", r.Player, ids[i])
		pipe.HSet(ctx, n.prefix+"tickets", ids[i], record)
		pipe.RPush(ctx, n.prefix+"waiting:"+r.Queue, ids[i])
		pipe.ZAdd(ctx, n.prefix+"due", redis.Z{Score: 1700000005000, Member: r.Queue})
	}
	return pipe
}

// tick matches all waiting tickets, with four variadic commands for each limit tickets of a queue.
func (n *native) tick(queues, limit int) {
	n.Helper()
	for i := range queues {
		for n.tickOnce(queueName(i), limit) == limit {
		}
	}
}

func (n *native) tickOnce(queue string, limit int) int {
	n.Helper()
	ctx := context.Background()
	ids, err := n.rdb.LPopCount(ctx, n.prefix+"waiting:"+queue, limit).Result()
	if errors.Is(err, redis.Nil) {
		return 0
	}
	n.must(err)
	records, err := n.rdb.HMGet(ctx, n.prefix+"tickets", ids...).Result()
	n.must(err)
	lines := make([]string, 0, 2*len(ids))
	for i, id := range ids {
		record, _ := records[i].(string)
		lines = append(lines, id, record)
	}
	outcomes := make([]any, 0, 2*len(ids))
	for some := range slices.Chunk(lines, 200) { // 50 matches an entry
		entry, err := n.rdb.XAdd(ctx, &redis.XAddArgs{Stream: n.prefix + "events", Values: []any{
			"kind", "matched", "size", 2, "count", len(some) / 2, "at", "1700000000000", "reason", "", "tickets", strings.Join(some, "\n"),
		}}).Result()
		n.must(err)
		for i := 0; i < len(some); i += 2 {
			outcomes = append(outcomes, some[i], "m\t"+entry+"-"+strconv.Itoa(i/4))
		}
	}
	n.must(n.rdb.HSet(ctx, n.prefix+"tickets", outcomes...).Err())
	return len(ids)
}
