package matchq_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/anishathalye/porcupine"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// call is an operation of a client on one queue.
type call struct {
	Kind   string // enqueue, cancel, tick or look
	Queue  string
	Player string // of enqueue
	Ticket string // of cancel and look
}

// result is the answer.
type result struct {
	State   matchq.State // of the ticket; after a cancel that failed, its end
	Ticket  string       // of an enqueue: the new ticket, or the live one of a duplicate
	Fresh   bool         // of an enqueue: the ticket is new
	Matches int          // of a tick
}

// line is the state of a queue: the waiting tickets, in order, and the end of the others.
type line struct {
	Waiting []string
	Player  map[string]string
	Ended   map[string]matchq.State
}

// queueModel is the sequential behaviour of a queue.
var queueModel = porcupine.Model{
	Partition: func(history []porcupine.Operation) [][]porcupine.Operation {
		byQueue := map[string][]porcupine.Operation{}
		for _, op := range history {
			queue := op.Input.(call).Queue
			byQueue[queue] = append(byQueue[queue], op)
		}
		var parts [][]porcupine.Operation
		for _, part := range byQueue {
			parts = append(parts, part)
		}
		return parts
	},
	Init: func() any { return encode(line{Player: map[string]string{}, Ended: map[string]matchq.State{}}) },
	Step: func(state, input, output any) (bool, any) {
		var l line
		if err := json.Unmarshal([]byte(state.(string)), &l); err != nil {
			panic(err)
		}
		ok := l.step(input.(call), output.(result))
		return ok, encode(l)
	},
	DescribeOperation: func(input, output any) string { return fmt.Sprintf("%+v -> %+v", input, output) },
}

func encode(l line) string {
	text, err := json.Marshal(l)
	if err != nil {
		panic(err)
	}
	return string(text)
}

// step applies a call to the model, and reports whether its answer is possible.
func (l *line) step(c call, r result) bool {
	switch c.Kind {
	case "enqueue":
		live := slices.IndexFunc(l.Waiting, func(id string) bool { return l.Player[id] == c.Player })
		if live >= 0 {
			return !r.Fresh && r.Ticket == l.Waiting[live]
		}
		l.Waiting, l.Player[r.Ticket] = append(l.Waiting, r.Ticket), c.Player
		return r.Fresh
	case "cancel":
		if at := slices.Index(l.Waiting, c.Ticket); at >= 0 {
			l.Waiting, l.Ended[c.Ticket] = slices.Delete(l.Waiting, at, at+1), matchq.Cancelled
		}
		return r.State == l.Ended[c.Ticket]
	case "tick":
		n := len(l.Waiting) / 2 * 2
		for _, id := range l.Waiting[:n] {
			l.Ended[id] = matchq.Matched
		}
		l.Waiting = l.Waiting[n:]
		return r.Matches == n/2
	default:
		if slices.Contains(l.Waiting, c.Ticket) {
			return r.State == matchq.Waiting
		}
		return r.State == l.Ended[c.Ticket]
	}
}

// client makes random calls and records them. Each has its own Matcher, like a process.
type client struct {
	m      *matchq.Matcher
	random *rand.Rand
	seen   []call // enqueues whose ticket is known
}

func (c *client) next(round, queues, players int) call {
	queue := fmt.Sprintf("quiz-%d-%d", round, c.random.IntN(queues))
	switch kind := c.random.IntN(10); {
	case kind < 5 || len(c.seen) == 0:
		return call{Kind: "enqueue", Queue: queue, Player: fmt.Sprintf("%s-player-%d", queue, c.random.IntN(players))}
	case kind < 7:
		return call{Kind: "tick", Queue: queue}
	default:
		of := c.seen[c.random.IntN(len(c.seen))]
		kinds := []string{"cancel", "look"}
		return call{Kind: kinds[c.random.IntN(2)], Queue: of.Queue, Ticket: of.Ticket}
	}
}

func (c *client) do(ctx context.Context, in call) (result, error) {
	switch in.Kind {
	case "enqueue":
		t, err := c.m.Enqueue(ctx, matchq.Request{Queue: in.Queue, Player: in.Player})
		if duplicate, ok := errors.AsType[*matchq.DuplicateError](err); ok {
			t = duplicate.Ticket
			in.Ticket = t.ID
			c.seen = append(c.seen, in)
			return result{Ticket: t.ID}, nil
		}
		in.Ticket = t.ID
		c.seen = append(c.seen, in)
		return result{Ticket: t.ID, Fresh: true}, err
	case "cancel":
		err := c.m.Cancel(ctx, in.Ticket, "")
		if _, ok := errors.AsType[*matchq.MatchedError](err); ok {
			return result{State: matchq.Matched}, nil
		}
		return result{State: matchq.Cancelled}, err
	case "tick":
		report, err := c.m.Tick(ctx, in.Queue)
		return result{Matches: report.Matches}, err
	default:
		t, err := c.m.Ticket(ctx, in.Ticket)
		return result{State: t.State}, err
	}
}

// TestLinearizable lets clients of different processes enqueue, cancel, tick and look at the same time. There must be
// an order of their calls, each between its start and its end, in which a single queue gives the same answers (Herlihy
// and Wing, 1990; checked by porcupine).
func TestLinearizable(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		const rounds, clients, calls, queues, players = 20, 6, 12, 2, 5
		seed := uint64(time.Now().UnixNano())
		t.Logf("seed %d", seed)
		for round := range rounds {
			history := concurrently(t, env, seed, round, clients, calls, queues, players)
			if verdict := porcupine.CheckOperationsTimeout(queueModel, history, 20*time.Second); verdict != porcupine.Ok {
				for _, op := range history {
					t.Log(op.ClientId, op.Call, op.Return, queueModel.DescribeOperation(op.Input, op.Output))
				}
				t.Fatalf("round %d: %v", round, verdict)
			}
		}
		checkAudit(t, newMatcher(t, env, matchq.Config{}))
	})
}

func concurrently(t *testing.T, env *matchqtest.Env, seed uint64, round, clients, calls, queues, players int) []porcupine.Operation {
	t.Helper()
	var (
		mu      sync.Mutex
		history []porcupine.Operation
		working sync.WaitGroup
		began   = time.Now()
	)
	for id := range clients {
		c := &client{m: newMatcher(t, env, matchq.Config{}), random: rand.New(rand.NewPCG(seed, uint64(round*clients+id)))}
		working.Go(func() {
			for range calls {
				in := c.next(round, queues, players)
				op := porcupine.Operation{ClientId: id, Input: in, Call: time.Since(began).Nanoseconds()}
				out, err := c.do(context.Background(), in)
				op.Output, op.Return = out, time.Since(began).Nanoseconds()
				if err != nil {
					t.Errorf("%+v: %v", in, err)
				}
				mu.Lock()
				history = append(history, op)
				mu.Unlock()
			}
		})
	}
	working.Wait()
	return history
}
