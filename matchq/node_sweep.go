package matchq

import (
	"context"
	"errors"
	"sync"
	"time"
)

// absence is the reply of absent.lua.
type absence struct {
	next    time.Duration // until somebody else will have been away for too long
	dead    []string
	players []absentee
}

type absentee struct {
	player, ticketID, value string
}

// far is how far ahead the end of a grace may lie; what lies further was written before the clock was set back.
func (n *Node) far() int64 { return 4*n.cfg.Lease.Milliseconds() + (10 * time.Second).Milliseconds() }

func (n *Node) findAbsent(ctx context.Context, offset int) (absence, error) {
	k := &n.m.keys
	return within(ctx, n.m, nil, func(ctx context.Context) (absence, error) {
		r, err := n.m.read(ctx, n.m.scripts.absent, []string{k.away, k.nodes, k.players, k.tickets}, mostPlayers, offset, n.far())
		if err != nil {
			return absence{}, err
		}
		now := r.number()
		a := absence{next: time.Hour}
		if next := (visit{fence: r.text()}).window(); !next.IsZero() {
			a.next = next.Sub(time.UnixMilli(now))
		}
		for range r.number() {
			a.dead = append(a.dead, r.text())
		}
		for r.more() {
			a.players = append(a.players, absentee{r.text(), r.text(), r.text()})
		}
		return a, r.err
	})
}

// sweep releases who has been away for too long, in bounded calls, and returns when to look again.
func (n *Node) sweep(ctx context.Context) (time.Duration, error) {
	for kept := 0; ; {
		a, err := n.findAbsent(ctx, kept)
		if err != nil {
			return 0, err
		}
		more := len(a.players) == mostPlayers
		for _, id := range a.dead {
			if id == n.cfg.ID {
				n.setBeat(time.Time{}) // it is not, and says so
				continue
			}
			left, err := n.bury(ctx, id)
			if err != nil {
				return 0, err
			}
			more = more || left
		}
		released, err := n.release(ctx, a.players)
		if err != nil {
			return 0, err
		}
		kept += len(a.players) - released
		if err := n.beatInTime(ctx); err != nil {
			return 0, err
		}
		switch {
		case more:
		case kept > 0:
			return min(a.next, time.Second), nil
		case len(a.dead) > 0:
			return 0, nil // its players are now among those away
		default:
			return a.next, nil
		}
	}
}

// bury runs bury.lua once and says whether the dead node has more players.
func (n *Node) bury(ctx context.Context, id string) (more bool, err error) {
	k := &n.m.keys
	return within(ctx, n.m, nil, func(ctx context.Context) (bool, error) {
		r, err := n.m.write(ctx, n.m.scripts.bury,
			[]string{k.meta, k.online, k.away, k.nodes, k.nodeInfo, k.nodePlayers(id)}, id, mostPlayers)
		if err != nil {
			return false, err
		}
		more := r.number() == 1
		return more, r.err
	})
}

// release forgets players and cancels what they waited for, and says how many. Who is kept by OnGone, is back or has
// another ticket by now is left.
func (n *Node) release(ctx context.Context, absent []absentee) (int, error) {
	absent = n.sayGone(ctx, absent)
	if len(absent) == 0 {
		return 0, nil
	}
	k := &n.m.keys
	keys := []string{
		k.meta, k.tickets, k.due, k.events, k.counters, k.tombstones, k.batches, k.online, k.away, k.players,
	}
	args := []any{Disconnected, n.far()}
	for _, a := range absent {
		queue, err := n.cancelledFor(ctx, &a)
		if err != nil {
			return 0, err
		}
		keys = append(keys, k.waiting(queue), k.passed(queue))
		args = append(args, a.player, a.ticketID, queue)
	}
	return within(ctx, n.m, nil, func(ctx context.Context) (int, error) {
		r, err := n.m.write(ctx, n.m.scripts.release, keys, args...)
		if err != nil {
			return 0, err
		}
		released := int(r.number())
		return released, r.err
	})
}

// cancelledFor is the queue that the ticket of a player who is gone is to be taken from, "" if none. A match that it is
// proposed for is declined in the player's name.
func (n *Node) cancelledFor(ctx context.Context, a *absentee) (queue string, err error) {
	record := a.value
	matchID, held, proposed := cutProposal(a.value)
	if proposed {
		record = held
	}
	if !isRecord(record) {
		return "", nil
	}
	t, err := parseRecord(a.ticketID, record)
	switch {
	case err != nil:
		return "", err
	case !t.WhileOnline:
		return "", nil
	case proposed:
		return "", n.m.decline(ctx, matchID, a.player, Disconnected)
	default:
		return t.Queue, nil
	}
}

// sayGone calls OnGone for some players and returns those for whom it agreed.
func (n *Node) sayGone(ctx context.Context, absent []absentee) []absentee {
	if n.cfg.OnGone == nil {
		return absent
	}
	agreed := make([]bool, len(absent))
	var calls sync.WaitGroup
	slots := make(chan struct{}, 8)
	for i, a := range absent {
		slots <- struct{}{}
		calls.Go(func() {
			defer func() { <-slots }()
			err := n.cfg.OnGone(ctx, a.player)
			if agreed[i] = err == nil; err != nil && !errors.Is(err, context.Canceled) {
				n.m.cfg.Logger.Warn("matchq: a player who is gone is kept", "error", err)
			}
		})
	}
	calls.Wait()
	var gone []absentee
	for i, a := range absent {
		if agreed[i] {
			gone = append(gone, a)
		}
	}
	return gone
}
