package work

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"runtime/debug"
	"strconv"
	"strings"
	"time"
)

// task is a handler at work.
type task struct {
	Delivery

	err     error
	stop    context.CancelCauseFunc
	renewed time.Time // when its lease was renewed last
	lost    bool      // another worker has it, or nobody any more
}

// start runs the handler of an event.
func (c *consumer) start(ctx context.Context, d Delivery) {
	ctx, stop := context.WithCancelCause(ctx)
	t := &task{Delivery: d, stop: stop, renewed: time.Now()}
	c.running[t] = true
	go func() {
		t.err = errExited
		defer func() { // also where the handler ends this goroutine
			stop(nil)
			c.ended <- t // which has room for all
		}()
		t.err = c.handle(ctx, &t.Delivery)
	}()
}

// errExited is the result of an event whose handler called runtime.Goexit, as FailNow of a test does.
var errExited = errors.New("the handler ended its goroutine")

// lose ends the context of the handler.
func (t *task) lose() {
	t.lost = true
	t.stop(ErrLeaseLost)
}

// handle calls the handler. A panic is an error of this event, not the end of the process.
func (c *consumer) handle(ctx context.Context, d *Delivery) (err error) {
	defer func() {
		if problem := recover(); problem != nil {
			c.Space.Log().Error("matchq: a handler panicked", "group", c.Group, "event", d.ID, "panic", problem, "stack", string(debug.Stack()))
			err = fmt.Errorf("panic: %v", problem)
		}
	}()
	return c.Handle(ctx, d)
}

// settle takes the result of a task. At the end of the worker a failure is not the event's.
func (c *consumer) settle(t *task) {
	delete(c.running, t)
	r := row{ID: t.ID, Delivery: t.Number, Verdict: done}
	switch {
	case t.err == nil:
	case t.lost:
		return
	case c.ending && !errors.Is(t.err, ErrGiveUp):
		r.Verdict = back
	default:
		r.Verdict, r.Problem = c.verdictOf(t)
	}
	c.settled = append(c.settled, r)
}

// settleEnded takes the results of all tasks that have ended.
func (c *consumer) settleEnded(ctx context.Context) {
	for {
		select {
		case t := <-c.ended:
			c.ending = ctx.Err() != nil
			c.settle(t)
		default:
			return
		}
	}
}

// verdictOf decides about an event that failed.
func (c *consumer) verdictOf(t *task) (verdict, problem string) {
	if c.MaxDeliveries > 0 && t.Number >= c.MaxDeliveries || errors.Is(t.err, ErrGiveUp) {
		c.Space.Log().Warn("matchq: an event became a dead letter", "group", c.Group, "event", t.ID, "delivery", t.Number, "error", t.err)
		return dead, cut(t.err.Error())
	}
	pause := min(c.Again(t.Number, t.err), c.Longest)
	pause += time.Duration(rand.Int64N(int64(pause)/10 + 1)) // what failed together does not come together
	return strconv.FormatInt(max(1, min(pause, c.Longest).Milliseconds()), 10), ""
}

// maxProblem is how many bytes of an error a dead letter keeps.
const maxProblem = 500

func cut(problem string) string {
	return strings.ToValidUTF8(problem[:min(len(problem), maxProblem)], "")
}
