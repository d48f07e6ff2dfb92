package matchq

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/space"
)

var queuesScript = space.Bind[queuesArgs]("match/queues")

type queuesArgs struct {
	Rows []queueRow `lua:"row"`
}

type queueRow struct {
	Queue string `lua:"queue"`
}

// Queue is the state of a waiting line.
type Queue struct {
	Name       string
	Waiting    int           // tickets that wait
	Proposed   int           // tickets of matches that wait for their players to accept
	OldestAt   time.Time     // since when the first of them waits; zero if nobody does
	OldestWait time.Duration // how long that is
	NextTick   time.Time     // when it is visited next; zero if nobody waits, or nothing can come of a visit
	NextTickIn time.Duration // how long that is from now; 0 if it is due, or NextTick is zero
	Overdue    time.Duration // how long it has been due; 0 if it is not, more than a moment if nobody ticks
	Matches    int64         // made so far; kept for the 10,000 queues with most
	Paused     bool

	// FallbackUntil is set while FIFO matches the queue because its policy failed: the first window after it tries the
	// policy again. The log of the node that found the failure says why, and so does TickReport.Err. After a change of
	// rules it may be that of the old policy, until this process hears of the change.
	FallbackUntil time.Time
}

// queuesPage is how many queues are looked at in one call.
const queuesPage = 64

// Queues returns the queues that hold anybody or are paused, by name. It takes a call for each 64 of them, so the
// state of one may be a little older than that of another. Errors: ErrUnavailable.
func (m *Matcher) Queues(ctx context.Context) ([]Queue, error) {
	names, err := m.queueNames(ctx)
	if err != nil {
		return nil, err
	}
	return m.queueStates(ctx, names)
}

// Queue returns the state of one queue, whether anybody waits in it or not. Errors: *InvalidError, ErrUnavailable.
func (m *Matcher) Queue(ctx context.Context, name string) (Queue, error) {
	states, err := m.QueuesOf(ctx, name)
	if err != nil {
		return Queue{}, err
	}
	return states[0], nil
}

// QueuesOf returns the states of some queues, in their order, whether anybody waits in them or not. It takes a call for
// each 64 of them. Errors: *InvalidError, ErrUnavailable.
func (m *Matcher) QueuesOf(ctx context.Context, names ...string) ([]Queue, error) {
	for _, name := range names {
		if err := CheckName("queue", name); err != nil {
			return nil, err
		}
	}
	return m.queueStates(ctx, names)
}

// queueNames lists the queues that hold anybody or are paused, sorted.
func (m *Matcher) queueNames(ctx context.Context) ([]string, error) {
	var names []string
	err := m.scanDue(ctx, func(queue string, _ time.Time) error {
		names = append(names, queue)
		return nil
	})
	if err != nil {
		return nil, err
	}
	meta, err := space.Do(ctx, m.space, "read paused queues", func(ctx context.Context, rdb redis.UniversalClient) ([]string, error) {
		return rdb.HKeys(ctx, m.space.Key(space.Meta)).Result()
	})
	if err != nil {
		return nil, err
	}
	for _, field := range meta {
		if queue, ok := strings.CutPrefix(field, "paused:"); ok {
			names = append(names, queue)
		}
	}
	slices.Sort(names)
	return slices.Compact(names), nil
}

func (m *Matcher) queueStates(ctx context.Context, names []string) ([]Queue, error) {
	queues := make([]Queue, 0, len(names))
	for page := range slices.Chunk(names, queuesPage) {
		r, err := queuesScript.Call(ctx, m.space, queuesArgs{Rows: rowsOf(page)})
		if err != nil {
			return nil, err
		}
		more, err := decodeQueues(r, page, m.rules.Known())
		if err != nil {
			return nil, err
		}
		queues = append(queues, more...)
	}
	return queues, nil
}

func rowsOf(names []string) []queueRow {
	rows := make([]queueRow, len(names))
	for i, name := range names {
		rows[i].Queue = name
	}
	return rows
}

// decodeQueues reads the reply of queues.lua; book has the rules as this process knows them, nil if it knows none.
func decodeQueues(r *space.Reply, names []string, book *rulebook.Book) ([]Queue, error) {
	now := time.UnixMilli(r.Number())
	queues := make([]Queue, len(names))
	for i, name := range names {
		row := r.List()
		q := Queue{Name: name, Waiting: int(row.Number()), Proposed: int(row.Number())}
		if oldest := row.Number(); oldest > 0 {
			q.OldestAt = time.UnixMilli(oldest)
			q.OldestWait = max(0, now.Sub(q.OldestAt))
		}
		if q.NextTick = (visit{fence: row.Text()}).window(); !q.NextTick.IsZero() {
			q.NextTickIn = max(0, q.NextTick.Sub(now))
			q.Overdue = max(0, now.Sub(q.NextTick))
		}
		q.Matches = row.Number()
		q.Paused = row.Number() == 1
		q.FallbackUntil = fallbackUntil(book, name, row.Text(), now)
		r.Done(row)
		queues[i] = q
	}
	return queues, r.Err
}

// fallbackUntil reads a queue's value in fallbacks as lib/fallback.lua does; zero for one of another policy than that of
// a book.
func fallbackUntil(book *rulebook.Book, queue, value string, now time.Time) time.Time {
	until, version, _ := strings.Cut(value, " ")
	ms, err := strconv.ParseInt(until, 10, 64)
	at := time.UnixMilli(ms)
	if err != nil || at.After(now.Add(fallbackFor)) || book != nil && book.Plan(queue).Policy != version {
		return time.Time{}
	}
	return at
}

// fallbackFor is how long FIFO replaces a policy that failed.
const fallbackFor = 30 * time.Second
