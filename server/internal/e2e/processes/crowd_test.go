package processes_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
)

// bound is how long after a fault, or after they asked, players may wait for an answer. Silence is a violation.
const bound = 5 * time.Second

// crowd is players who queue, cancel, invite and play all the time, by all transports. It compares the news they get
// with the right ones, and counts violations.
type crowd struct {
	t       *testing.T
	fleet   *fleet
	matcher *matchq.Matcher // of the test, in the same Redis
	fault   *fault
	ctx     context.Context
	lone    []*lonePlayer
	goHome  func() // ends it, and checks the books

	mu         sync.Mutex
	calm       time.Time // since when no fault is under way; the zero time during one
	waits      map[*wait]bool
	last       time.Duration // how long after the fault the last was told who had waited then
	took       []time.Duration
	violations int
	told       map[string]int    // how often, for the log
	players    map[string]string // of matches
	ends       map[string]string // of tickets
	gone       map[string]string // tickets that are lost, with how their players were told
}

// wait is that of a player for an answer.
type wait struct {
	crowd *crowd
	what  string
	began time.Time
}

func (c *crowd) wait(what string) *wait {
	c.mu.Lock()
	defer c.mu.Unlock()
	w := &wait{c, what, time.Now()}
	c.waits[w] = true
	return w
}

// again ends a wait that was answered, and begins the next one.
func (w *wait) again(what string) *wait {
	w.end()
	return w.crowd.wait(what)
}

func (w *wait) end() {
	c := w.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.waits[w] {
		return
	}
	delete(c.waits, w)
	if took := time.Since(w.began); c.fault.measures {
		c.took = append(c.took, took)
	}
	if !c.calm.IsZero() && w.began.Before(c.calm) {
		c.last = max(c.last, time.Since(c.calm))
	}
}

// silent says whether the answer is overdue.
func (w *wait) silent() bool {
	c := w.crowd
	c.mu.Lock()
	defer c.mu.Unlock()
	since := w.began
	if c.calm.After(since) {
		since = c.calm
	}
	return !c.calm.IsZero() && time.Since(since) > bound
}

// disturb begins a fault.
func (c *crowd) disturb() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.calm, c.last = time.Time{}, 0
}

// calmDown ends a fault. It returns how long it took from then on until all were told who had waited.
func (c *crowd) calmDown() time.Duration {
	c.calmFrom(time.Now())
	for _, p := range c.lone {
		p.lookUp()
	}
	for {
		c.mu.Lock()
		waiting := false
		for w := range c.waits {
			waiting = waiting || w.began.Before(c.calm)
		}
		last := c.last
		c.mu.Unlock()
		if !waiting {
			return last
		}
		c.pause()
	}
}

// calmFrom says that the fault was over at a time, the first time.
func (c *crowd) calmFrom(now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.calm.IsZero() {
		c.calm = now
	}
}

func (c *crowd) pause() {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-c.ctx.Done():
	}
}

func (c *crowd) going() bool { return c.ctx.Err() == nil }

// wrongf counts a violation.
func (c *crowd) wrongf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.violatedf(format, args...)
}

func (c *crowd) violatedf(format string, args ...any) {
	c.violations++
	c.t.Errorf("%s  "+format, append([]any{time.Now().Format("15:04:05.000")}, args...)...)
}

func (c *crowd) tell(what string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told[what]++
}

// matched checks the players of a match that somebody was told of.
func (c *crowd) matched(id, who string, players ...string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	slices.Sort(players)
	text := strings.Join(players, ",")
	if len(players) != 2 || players[0] == players[1] || who != "" && !slices.Contains(players, who) {
		c.violatedf("%s is in a match of %s", who, text)
	}
	if other, ok := c.players[id]; ok && other != text {
		c.violatedf("match %s is of %s, and of %s", id, other, text)
	}
	c.players[id] = text
}

// ended checks that a ticket ends once. A lost one may have had another end.
func (c *crowd) ended(ticket, end string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ticket == "" {
		return
	}
	if other, ok := c.ends[ticket]; ok && other != end {
		c.violatedf("ticket %s: %s, and %s", ticket, other, end)
	}
	c.ends[ticket] = end
}

// waitsAgain says that a player asked again, and that the ticket lives: if Redis loses an end, it may.
func (c *crowd) waitsAgain(ticket string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.fault.loses {
		delete(c.ends, ticket)
	}
}

// cancelled checks why a player's ticket was cancelled.
func (c *crowd) cancelled(who, ticket, reason string) {
	c.tell("cancelled " + reason)
	switch reason {
	case "lost":
		c.lost(who+"'s ticket", ticket)
	case "requested", "void":
		c.ended(ticket, "cancelled")
	default:
		c.wrongf("%s is cancelled: %s", who, reason)
	}
}

// expired checks that a ticket may have expired.
func (c *crowd) expired(who string) {
	c.tell("expired")
	if !c.fault.expires {
		c.wrongf("the ticket of %s has expired", who)
	}
}

// lost checks that a ticket or game that a player is told to be lost may be, and is.
func (c *crowd) lost(what, ticket string) {
	if !c.fault.loses && !(ticket == "" && c.fault.expires) { // a clock that is set forward ends rooms
		c.wrongf("%s counts as lost", what)
	}
	if ticket != "" {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.gone[ticket] = time.Now().Format("15:04:05.000 ") + what
	}
}

// checkLost checks that the tickets that count as lost wait no more.
func (c *crowd) checkLost() {
	c.mu.Lock()
	told := c.gone
	c.gone = map[string]string{}
	c.mu.Unlock()
	gone := slices.Collect(maps.Keys(told))
	states, err := c.matcher.States(c.ctx, gone...)
	if err != nil {
		c.t.Errorf("look for lost tickets: %v", err)
	}
	for i, state := range states {
		if state == matchq.Waiting {
			c.wrongf("ticket %s counts as lost, and waits: %s", gone[i], told[gone[i]])
		}
	}
}

// watch compares all events with the news that players get.
func (c *crowd) watch() {
	after := matchq.FromOldest
	for c.going() {
		for ev, err := range c.matcher.Watch(c.ctx, after) {
			if errors.Is(err, matchq.ErrGap) {
				after = matchq.FromOldest
				if !c.fault.loses {
					c.wrongf("events were lost")
				}
			}
			if err != nil {
				continue
			}
			for _, t := range ev.Tickets() {
				switch {
				case c.fault.loses: // only the news that players get counts: Redis may lose both the event and the end
				case ev.Kind == matchq.Matched:
					c.ended(t.ID, "match "+ev.Match.ID)
				case ev.Reason != "lost":
					c.ended(t.ID, string(ev.Kind))
				}
			}
			if ev.Kind == matchq.Matched {
				c.matched(ev.Match.ID, "", ev.Match.Players()...)
			}
		}
	}
}

// summary is the news that the crowd got, for the log.
func (c *crowd) summary() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(c.told)
}
