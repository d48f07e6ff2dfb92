package matchq

import (
	"context"
	"errors"
	"fmt"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/space"
)

var releaseScript = space.Bind[releaseArgs]("match/release")

type releaseArgs struct {
	Version    string `lua:"version"`
	Match      string `lua:"match"`
	Queue      string `lua:"queue"`
	Reason     string `lua:"reason"`
	IntervalMS int64  `lua:"interval_ms"`
	PhaseMS    int64  `lua:"phase_ms"`
	Recent     int    `lua:"recent"`
}

// Release is for a match that can't be played: its players wait again. Each gets a new ticket at the head of the line, also
// of a paused queue, with the EnqueuedAt of the old one and its time to live anew. The old tickets stay Matched, and name
// their Successor; a Released event tells of all. The new tickets count as enqueued. Rules that keep latest opponents apart
// take the match as not played. A match that is still proposed falls apart without a loser: its tickets wait again, and
// Restored events tell that. A full Redis takes that, and refuses new tickets (ErrRefused): they take memory. Try again later.
//
// The reason is a name of up to 128 bytes; empty means ReasonReleased. The results are the players' tickets, in the order of
// Match.Tickets. A player who has another ticket by now gets none: the Err is a *DuplicateError with the one that lives, or
// a *BusyError if it was matched. A ticket that does not wait has its ID, Player, Queue and State only: Ticket reads the rest.
//
// A match can be released as long as it is kept: Config.Retention. A match is released once, so it is safe to repeat, and
// returns the same tickets, in the states of that moment. Errors: ErrNotFound, ErrReadyCheckFailed if the match fell apart
// before, *InvalidError, ErrRulesUnknown, *ConfigError, ErrUnavailable.
func (m *Matcher) Release(ctx context.Context, matchID, reason string) (Match, []Result, error) {
	if reason == "" {
		reason = ReasonReleased
	}
	if err := CheckName("reason", reason); err != nil {
		return Match{}, nil, err
	}
	match, err := m.Match(ctx, matchID)
	if err != nil {
		return Match{}, nil, err
	}
	var results []Result
	err = m.rules.Do(ctx, func(book *rulebook.Book) error {
		plan := book.Plan(match.Queue)
		if plan.Err != nil {
			return plan.Err
		}
		r, err := releaseScript.Call(ctx, m.space, releaseArgs{
			Version: book.Version, Match: matchID, Queue: match.Queue, Reason: reason, Recent: plan.Recent,
			IntervalMS: plan.IntervalMS, PhaseMS: plan.PhaseMS(match.Queue),
		})
		if err == nil {
			match, results, err = decodeReleased(r, matchID)
		}
		return err
	})
	if err == nil && match.Released == nil {
		err = fmt.Errorf("%w: %s", ErrReadyCheckFailed, matchID)
	}
	if err != nil {
		return Match{}, nil, err
	}
	return match, results, nil
}

// decodeReleased reads the reply of release.lua.
func decodeReleased(r *space.Reply, matchID string) (Match, []Result, error) {
	now, told := r.Number(), r.List()
	var ids, values []string
	for told.More() {
		ids, values = append(ids, told.Text()), append(values, told.Text())
	}
	r.Done(told)
	match, err := decodeMatch(r, matchID, now)
	if err != nil || match.Released == nil {
		return match, nil, err
	}
	results := make([]Result, len(match.Tickets))
	if len(ids) != len(results) {
		r.Failf("%d tickets of a match of %d", len(ids), len(results))
		return match, nil, r.Err
	}
	for i := range match.Tickets {
		t := &match.Tickets[i]
		results[i] = succeeded(t, ids[i], values[i], now)
		if match.State == Matched && t.Successor == "" {
			results[i] = refused(t.Player, results[i])
		}
	}
	return match, results, nil
}

// succeeded is a ticket that a released one led to, by its value.
func succeeded(old *Ticket, id, value string, nowMS int64) Result {
	if codec.OutcomeEntry(value) != "" {
		return Result{Ticket: Ticket{ID: id, Player: old.Player, Queue: old.Queue, State: statesOf[value[:1]]}}
	}
	if value == "" {
		return Result{Err: ErrNotFound}
	}
	t, _, err := liveTicket(id, value, nowMS)
	return Result{Ticket: t, Err: err}
}

// refused says why a player got no new ticket, by the player's latest one.
func refused(player string, latest Result) Result {
	if latest.Err != nil && !errors.Is(latest.Err, ErrNotFound) {
		return latest
	}
	if s := latest.Ticket.State; s == Waiting || s == Proposed {
		return Result{Err: &DuplicateError{Ticket: latest.Ticket}}
	}
	return Result{Err: &BusyError{Player: player}}
}
