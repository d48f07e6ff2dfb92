package work

import (
	"context"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/vigil"
)

var workScript = space.Bind[workArgs]("match/work")

type workArgs struct {
	Group         string `lua:"group"`
	Worker        string `lua:"worker"`
	Turn          int    `lua:"turn"`
	Slots         int    `lua:"slots"`
	LeaseMS       int64  `lua:"lease_ms"`
	LongestMS     int64  `lua:"longest_ms"`
	MaxDeliveries int    `lua:"max_deliveries"`
	Leaving       bool   `lua:"leaving"`
	Rows          []row  `lua:"row"`
}

// row is the result of a delivered event.
type row struct {
	ID       string `lua:"id"`
	Delivery int    `lua:"delivery"`
	Verdict  string `lua:"verdict"`
	Problem  string `lua:"problem"` // of a dead one
}

// Verdicts, beside a number of ms.
const (
	done = "done"
	dead = "dead"
	back = "back"
	keep = "keep"
)

const (
	maxRows  = 200 // of a call
	maxSlots = 32  // of a call: an event may have 64 KiB
)

// exchanged is Redis's answer to a worker.
type exchanged struct {
	exists   bool
	ready    int64
	next     time.Duration // -1: never
	position string        // of the group
	lost     []int         // rows
	events   []Delivery
}

// exchange sends Redis the results and the leases that go on, and starts the events that it gets for free slots. A call
// without an answer is repeated first, as it was: Redis may have made it. exists is false if the group is gone.
//
// The end of ctx does not end the call: one that was given up could reach Redis when the worker has left, and lease events
// to nobody.
func (c *consumer) exchange(ctx context.Context, slots int) (exists bool, err error) {
	if c.pending == nil {
		c.pending = c.newCall(slots)
	}
	r, err := workScript.Call(context.WithoutCancel(ctx), c.Space, *c.pending)
	if err != nil {
		return true, err
	}
	call := c.pending
	c.pending = nil
	x, err := decodeExchanged(r, len(call.Rows))
	if err != nil || !x.exists {
		return err != nil, err
	}
	for _, lost := range x.lost {
		for t := range c.running {
			if t.ID == call.Rows[lost].ID && t.Number == call.Rows[lost].Delivery {
				t.lose()
			}
		}
	}
	for _, d := range x.events {
		if c.ending {
			c.settled = append(c.settled, row{ID: d.ID, Delivery: d.Number, Verdict: back})
		} else {
			c.start(ctx, d)
		}
	}
	c.ready, c.next = x.ready > 0, x.next
	group, _ := vigil.ParsePosition(x.position)
	if mine, _ := vigil.ParsePosition(c.position); group.EntryBefore(mine) {
		c.filling = true // a Redis that knows less has the group now: a replica that lagged, say
	}
	return true, nil
}

// newCall takes the results, as far as they fit, and the leases to renew.
func (c *consumer) newCall(slots int) *workArgs {
	c.turn++
	n := min(len(c.settled), maxRows)
	call := &workArgs{
		Group: c.Group, Worker: c.worker, Turn: c.turn, Slots: min(slots, maxSlots), LeaseMS: c.AckWait.Milliseconds(),
		LongestMS: c.Longest.Milliseconds(), MaxDeliveries: c.MaxDeliveries, Leaving: c.ending && len(c.running) == 0 && n == len(c.settled),
		Rows: append([]row(nil), c.settled[:n]...),
	}
	c.settled = append([]row(nil), c.settled[n:]...)
	c.renew(call)
	return call
}

// renew adds leases to renew to a call, as far as they fit, and notes when the others are due: each is renewed before a
// third of it is over. Those of half that age go along, so that there are few calls.
func (c *consumer) renew(call *workArgs) {
	now := time.Now()
	oldest := now
	for t := range c.running {
		if now.Sub(t.renewed) >= c.AckWait/6 && len(call.Rows) < maxRows {
			t.renewed = now
			call.Rows = append(call.Rows, row{ID: t.ID, Delivery: t.Number, Verdict: keep})
		} else if t.renewed.Before(oldest) {
			oldest = t.renewed
		}
	}
	c.renewAt = oldest.Add(c.AckWait / 3)
}

func decodeExchanged(r *space.Reply, rows int) (exchanged, error) {
	if r.Text() == "none" {
		return exchanged{}, r.Err
	}
	x := exchanged{exists: true, ready: r.Number(), next: -1}
	if next := r.Text(); next != "" {
		x.next = time.Duration(number(r, next)) * time.Millisecond
	}
	x.position = r.Text()
	lost := r.List()
	for lost.More() {
		x.lost = append(x.lost, lost.Index(rows))
	}
	r.Done(lost)
	events := r.List()
	for events.More() {
		d := Delivery{ID: events.Text(), Number: int(events.Number())}
		d.Fields = codec.ParseWork(events.Text())
		x.events = append(x.events, d)
	}
	r.Done(events)
	return x, r.Err
}
