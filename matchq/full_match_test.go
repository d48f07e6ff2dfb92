package matchq_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// match has something happen while players wait, and sees them matched.
func (c *crowded) match(t *testing.T, happen func() (end func())) {
	t.Helper()
	attempt := 0
	matchqtest.Eventually(t, "players answer in time", func() bool { // a machine may stall for longer than they have
		attempt++
		return c.meet(t, c.name(fmt.Sprint("matched ", attempt)), happen)
	})
}

// meet is match in a queue. It gives up if an answer came too late.
func (c *crowded) meet(t *testing.T, queue string, happen func() (end func())) (inTime bool) {
	t.Helper()
	ctx := t.Context()
	var made []matchq.Ticket
	for i := range 4 {
		made = append(made, c.enqueueFor(t, matchq.Request{Queue: queue, Player: fmt.Sprint(queue, " opponent ", i)}))
	}
	defer happen()()
	if c.m.Config().ReadyTimeout == 0 {
		for _, ticket := range made {
			c.ends(t, ticket, matchq.Matched, "")
		}
		return true
	}
	for i, ticket := range made {
		got := c.leaves(t, ticket, matchq.Waiting)
		var err error
		if got.State == matchq.Proposed && i < 3 { // the last one is silent
			_, err = c.m.Accept(ctx, got.Match.ID, ticket.Player)
		}
		if got.State != matchq.Proposed || errors.Is(err, matchq.ErrReadyCheckFailed) {
			_, err = c.m.Drain(ctx, queue)
			check(t, "drain", err)
			return false
		}
		check(t, "accept", err)
	}
	c.ends(t, made[0], matchq.Matched, "")
	c.ends(t, made[1], matchq.Matched, "")
	c.ends(t, made[3], matchq.Cancelled, matchq.ReasonNoAnswer)
	check(t, "cancel", c.m.Cancel(ctx, made[2].ID, "enough"))
	c.ends(t, made[2], matchq.Cancelled, "enough")
	return true
}

// leaves waits until a ticket is in another state.
func (c *crowded) leaves(t *testing.T, made matchq.Ticket, state matchq.State) (got matchq.Ticket) {
	t.Helper()
	matchqtest.Eventually(t, fmt.Sprintf("%s is no longer %v", made.Player, state), func() bool {
		var err error
		got, err = c.m.Ticket(t.Context(), made.ID)
		return err == nil && got.State != state
	})
	return got
}
