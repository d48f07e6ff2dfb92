package httpdoor

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rules"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// meetsView has the players that a waiting ticket may meet by the rules.
type meetsView struct {
	Others    int          `json:"others"`            // that were looked at
	Permitted int          `json:"permitted"`         // of them, now
	Nearest   *nearestView `json:"nearest,omitempty"` // the one that it may meet first
	Rule      string       `json:"rule,omitempty"`    // that keeps the two apart longest
	Earliest  *time.Time   `json:"earliest"`          // tick that may match it; null if that is not known, or never
}

type nearestView struct {
	TicketID string   `json:"ticket_id"`
	Player   wire.ID  `json:"player"`
	Rating   *float64 `json:"rating,omitempty"`
	Gap      *float64 `json:"gap,omitempty"`
}

// wait is why a ticket waits.
type wait struct {
	*matchq.Explanation

	queue   *matchq.Queue
	nearest *matchq.Ticket // the candidate; nil if there is none, or it has just gone
}

func (a *API) waitOf(ctx context.Context, why *matchq.Explanation, queue *matchq.Queue) (*wait, error) {
	w := &wait{Explanation: why, queue: queue}
	if why.Candidate == "" {
		return w, nil
	}
	t, err := a.Matcher.Ticket(ctx, why.Candidate)
	if errors.Is(err, matchq.ErrNotFound) {
		return w, nil
	}
	w.nearest = &t
	return w, err
}

// view is nil unless the ticket waits.
func (w *wait) view() *meetsView {
	if w.Ticket.State != matchq.Waiting {
		return nil
	}
	v := &meetsView{Others: w.Others, Permitted: w.Permitted, Rule: w.Rule, Earliest: viewTime(w.earliest())}
	if n := w.nearest; n != nil {
		v.Nearest = &nearestView{n.ID, wire.PlayerID(n), n.Rating, w.Gap}
	}
	return v
}

// now is Redis's time when the explanation was made.
func (w *wait) now() time.Time { return w.Ticket.EnqueuedAt.Add(w.Ticket.Waited) }

// earliest is the first tick that may match the ticket if nobody joins; zero if there is none.
func (w *wait) earliest() time.Time {
	tick := w.queue.NextTick
	if w.queue.Paused || w.missing() > 0 || w.MeetIn == matchq.Never || tick.IsZero() || w.expiresAtTick() {
		return time.Time{}
	}
	meet := w.now().Add(w.MeetIn)
	interval := w.Rules.Rules.Interval
	if late := meet.Sub(tick); late > 0 && interval > 0 {
		return tick.Add(late + (interval-late%interval)%interval) // ticks are whole intervals apart
	} else if late > 0 {
		return meet
	}
	return tick
}

// missing is how many players the queue lacks for a match.
func (w *wait) missing() int { return max(0, w.Rules.Rules.Size-w.queue.Waiting) }

// reason explains why a ticket waits: by a code for programs, and in words; both are "" if it has ended.
func (w *wait) reason() (code, words string) {
	switch {
	case w.Ticket.State.Ended():
		return "", ""
	case w.Ticket.State != matchq.Waiting:
		return "not_accepted", "its match waits for all players to accept"
	case w.queue.Paused:
		return "queue_paused", "the queue is paused"
	case w.missing() > 0:
		return "players_missing", fmt.Sprintf("players missing for a match: %d", w.missing())
	case w.Rule != "" && w.MeetIn == matchq.Never:
		return "kept_apart", fmt.Sprintf("the rule %q keeps it apart from %s; it waits for somebody else to join", w.Rule, w.allOthers())
	case w.Rule != "":
		return "kept_apart_yet", fmt.Sprintf("the rule %q keeps it apart from the nearest, %s, for another %s", w.Rule, w.candidate(), rounded(w.MeetIn)) + w.whenThen()
	case w.Permitted < min(w.Others, w.Rules.Rules.Size-1):
		return "too_few_permitted", fmt.Sprintf("the rules let it meet %d of %d others now, and a match needs %d", w.Permitted, w.Others, w.Rules.Rules.Size-1)
	case w.queue.NextTick.IsZero():
		return "left_over", "the policy left it over, and no other match is possible until another player joins"
	case w.expiresAtTick():
		return "expires_at_tick", "it expires at the next tick, in " + rounded(w.queue.NextTickIn)
	default:
		return "next_tick", "the next tick is in " + rounded(w.queue.NextTickIn)
	}
}

// expiresAtTick says whether the ticket's time ends before the queue's next tick, which then ends the ticket: nothing else does.
func (w *wait) expiresAtTick() bool {
	return !w.Ticket.ExpiresAt.IsZero() && w.queue.NextTick.After(w.Ticket.ExpiresAt)
}

func (w *wait) allOthers() string {
	if w.Others == 1 {
		return "the only other player, " + w.candidate()
	}
	return fmt.Sprintf("all %d others that were looked at", w.Others)
}

// candidate names the nearest player, and says how far away they are.
func (w *wait) candidate() string {
	name := "ticket " + w.Candidate
	if w.nearest != nil {
		name = w.nearest.Player
	}
	if w.Gap != nil {
		name += " (" + strconv.FormatFloat(*w.Gap, 'f', -1, 64) + " away)"
	}
	return name
}

// whenThen says when a match is possible after that.
func (w *wait) whenThen() string {
	earliest := w.earliest()
	switch expires := w.Ticket.ExpiresAt; {
	case w.expiresAtTick():
		return "; it expires at the next tick, in " + rounded(w.queue.NextTickIn)
	case earliest.IsZero():
		return ""
	case !expires.IsZero() && expires.Before(earliest):
		return "; it expires before that, in " + rounded(expires.Sub(w.now()))
	default:
		return "; the tick after that is in " + rounded(earliest.Sub(w.now()))
	}
}

// rounded writes a duration as precisely as people want it.
func rounded(d time.Duration) string {
	unit := time.Second
	if d < time.Second {
		unit = time.Millisecond
	} else if d < 10*time.Second {
		unit = 100 * time.Millisecond
	}
	return rules.DurationText(d.Round(unit))
}
