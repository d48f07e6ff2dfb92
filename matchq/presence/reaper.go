package presence

import (
	"context"
	"errors"
	"strconv"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

var (
	absentScript = space.Bind[absentArgs]("presence/absent")
	reapScript   = space.Bind[reapArgs]("presence/reap")
	evictScript  = space.Bind[evictArgs]("presence/evict")
	answerScript = space.Bind[answerArgs]("match/answer")
)

type absentArgs struct {
	Limit  int   `lua:"limit"`
	Offset int   `lua:"offset"`
	FarMS  int64 `lua:"far_ms"`
}

type reapArgs struct {
	Node  string `lua:"node"`
	Limit int    `lua:"limit"`
}

type evictArgs struct {
	Reason string     `lua:"reason"`
	FarMS  int64      `lua:"far_ms"`
	Rows   []evictRow `lua:"row"`
}

type evictRow struct {
	Player string `lua:"player"`
	ID     string `lua:"id"`
	Queue  string `lua:"queue"`
}

type answerArgs struct {
	Match  string `lua:"match"`
	Player string `lua:"player"`
	Answer string `lua:"answer"`
	Reason string `lua:"reason"`
}

// reaper evicts players who did not come back, and reaps dead nodes. All nodes do that for each other.
type reaper struct {
	space     *space.Space
	node      string // its own
	lease     time.Duration
	onGone    func(ctx context.Context, player string) error
	keepLease func(context.Context) error
	loseLease func()
}

// absence is the reply of presence/absent.lua.
type absence struct {
	next    time.Duration // until another player will have been away for too long, at most an hour
	dead    []string      // nodes
	players []absentee
}

type absentee struct {
	player, ticketID, value string
}

// farMS is how far ahead the end of a grace may lie. Redis's clock was set back if it lies further ahead.
func (r *reaper) farMS() int64 { return 4*r.lease.Milliseconds() + (10 * time.Second).Milliseconds() }

// sweep evicts the players who have been away for too long, in bounded calls, and returns when to look again.
func (r *reaper) sweep(ctx context.Context) (next time.Duration, err error) {
	for kept := 0; ; {
		a, err := r.findAbsent(ctx, kept)
		if err != nil {
			return 0, err
		}
		more, err := r.reapNodes(ctx, a.dead)
		if err != nil {
			return 0, err
		}
		evicted, err := r.evict(ctx, a.players)
		if err != nil {
			return 0, err
		}
		kept += len(a.players) - evicted
		if err := r.keepLease(ctx); err != nil { // which may be due before a long sweep ends
			return 0, err
		}
		switch {
		case more || len(a.players) == maxPlayers:
		case kept > 0:
			return min(a.next, time.Second), nil
		case len(a.dead) > 0:
			return 0, nil // its players are now among those away
		default:
			return a.next, nil
		}
	}
}

func (r *reaper) findAbsent(ctx context.Context, offset int) (absence, error) {
	reply, err := absentScript.Call(ctx, r.space, absentArgs{Limit: maxPlayers, Offset: offset, FarMS: r.farMS()})
	if err != nil {
		return absence{}, err
	}
	return decodeAbsence(reply)
}

func decodeAbsence(r *space.Reply) (absence, error) {
	now, next := r.Number(), r.Text()
	a := absence{next: time.Hour}
	if ms, err := strconv.ParseInt(next, 10, 64); err == nil && ms-now < a.next.Milliseconds() {
		a.next = time.Duration(ms-now) * time.Millisecond
	}
	for range r.Number() {
		if !r.More() {
			r.Failf("nodes are missing")
			break
		}
		a.dead = append(a.dead, r.Text())
	}
	for r.More() {
		a.players = append(a.players, absentee{r.Text(), r.Text(), r.Text()})
	}
	return a, r.Err
}

// reapNodes counts the players of dead nodes as away, some of each, and says whether there are more.
func (r *reaper) reapNodes(ctx context.Context, dead []string) (more bool, err error) {
	for _, node := range dead {
		if node == r.node { // it is alive, and says so by its next heartbeat
			r.loseLease()
			continue
		}
		left, err := r.reapNode(ctx, node)
		if err != nil {
			return false, err
		}
		more = more || left
	}
	return more, nil
}

func (r *reaper) reapNode(ctx context.Context, node string) (more bool, err error) {
	reply, err := reapScript.Call(ctx, r.space, reapArgs{Node: node, Limit: maxPlayers})
	if err != nil {
		return false, err
	}
	more = reply.Number() == 1
	return more, reply.Err
}

// evict forgets players and cancels the tickets that live only while their player is online. It returns how many players
// were evicted. The others stay: OnGone keeps them, they are back, or they have another ticket by now.
func (r *reaper) evict(ctx context.Context, absent []absentee) (evicted int, err error) {
	absent = r.tellGone(ctx, absent)
	if len(absent) == 0 {
		return 0, nil
	}
	args := evictArgs{Reason: matchq.ReasonDisconnected, FarMS: r.farMS()}
	for _, a := range absent {
		queue, err := r.queueToLeave(ctx, &a)
		if err != nil {
			return 0, err
		}
		args.Rows = append(args.Rows, evictRow{Player: a.player, ID: a.ticketID, Queue: queue})
	}
	reply, err := evictScript.Call(ctx, r.space, args)
	if err != nil {
		return 0, err
	}
	evicted = int(reply.Number())
	return evicted, reply.Err
}

// queueToLeave is the queue from which the ticket of a player who is gone must be taken, "" if none. If the ticket is
// proposed, the match is declined in the player's name.
func (r *reaper) queueToLeave(ctx context.Context, a *absentee) (queue string, err error) {
	matchID, record, proposed := codec.CutProposed(a.value)
	if !proposed {
		record = a.value
	}
	if !codec.IsRecord(record) {
		return "", nil
	}
	ticket, err := codec.ParseRecord(record)
	switch {
	case err != nil:
		return "", err
	case !ticket.WhileOnline:
		return "", nil
	case proposed:
		// The match in the reply does not matter: it may be settled, or forgotten.
		_, err = answerScript.Call(ctx, r.space, answerArgs{
			Match: matchID, Player: a.player, Answer: "decline", Reason: matchq.ReasonDisconnected,
		})
		return "", err
	default:
		return ticket.Queue, nil
	}
}

// maxGoneCalls is how many calls of OnGone run at a time.
const maxGoneCalls = 8

// tellGone calls OnGone for some players and returns those that OnGone lets go.
func (r *reaper) tellGone(ctx context.Context, absent []absentee) []absentee {
	if r.onGone == nil {
		return absent
	}
	agreed := make([]bool, len(absent))
	var calls sync.WaitGroup
	slots := make(chan struct{}, maxGoneCalls)
	for i, a := range absent {
		slots <- struct{}{}
		calls.Go(func() {
			defer func() { <-slots }()
			err := r.onGone(ctx, a.player)
			if agreed[i] = err == nil; err != nil && !errors.Is(err, context.Canceled) {
				r.space.Log().Warn("matchq: a player who is gone is kept", "error", err)
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
