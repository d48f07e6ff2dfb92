package matchq

import (
	"errors"
	"fmt"

	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/internal/space"
)

var (
	// ErrNotFound says that no ticket or match has this id, or that it ended longer than Config.Retention ago.
	ErrNotFound = errors.New("matchq: not found: unknown, or ended longer ago than the retention")

	// ErrLost says that Redis no longer has a ticket that it had acknowledged: it was restarted, emptied, or replaced by a
	// replica that lagged. The player waits no more, and can be queued again at once.
	ErrLost = errors.New("matchq: lost: redis no longer has the ticket; enqueue again")

	// ErrExpired says that the ticket waited as long as it was allowed to. Enqueue again if the player still wants.
	ErrExpired = errors.New("matchq: the ticket has expired; enqueue again if the player still waits")

	// ErrReadyCheckFailed says that a proposed match fell apart: a player declined, or did not accept in time. The other
	// players wait again.
	ErrReadyCheckFailed = errors.New("matchq: the proposed match fell apart")

	// ErrProposed says that a match can't be assigned yet: its players have yet to accept it.
	ErrProposed = errors.New("matchq: the match is only proposed; assign it when its Matched event comes")

	// ErrReleased says that a match can't be assigned any more: it was released, and its players wait again.
	ErrReleased = errors.New("matchq: the match was released; its players have new tickets")

	// ErrPaused says that the queue takes nobody until it is resumed.
	ErrPaused = errors.New("matchq: the queue is paused")

	// ErrOverloaded says that Config.Backlog requests wait in this process already: they come faster than Redis takes them.
	// Nothing was queued. Repeat it after a second or more.
	ErrOverloaded = errors.New("matchq: too many requests wait in this process for Redis; try again later")

	// ErrRulesUnknown says that this version of the library can't read the rules of the queue: a newer one has written
	// them. Other queues go on.
	ErrRulesUnknown = rulebook.ErrUnknown

	// ErrUnavailable says that Redis gave no answer, or none that settles the call. Reading and cancelling are safe to
	// repeat. An Enqueue that fails with it queued nobody, unless the error is an *UnknownError as well. A call whose own
	// context was cancelled fails with context.Canceled instead; a deadline that passed is an ErrUnavailable. A Redis that
	// answers, and does not work, is an ErrRefused.
	ErrUnavailable = space.ErrUnavailable

	// ErrRefused says that Redis answers, and refuses the call in the state it is in: it is full, read-only, or the user
	// has no rights, for instance. The error is a *RefusedError. Nothing was changed, unless that says Unknown; the call
	// works again once the cause is gone. Every call that may fail with ErrUnavailable may fail with this.
	ErrRefused = space.ErrRefused

	// ErrGap says that events between the position and the oldest one kept are gone, that the stream lacks the position's own
	// event, as after a failover to a replica that had not seen all, or that an entry can't be read. Look up your live tickets
	// with Ticket, then watch from now.
	ErrGap = errors.New("matchq: events after this position are missing; look up your tickets, then watch from now")
)

// InvalidError is a fault in a request or a configuration. Nothing was changed.
type InvalidError struct {
	Field   string // e.g. "player"
	Problem string // e.g. "must not be empty"
}

func (e *InvalidError) Error() string { return "matchq: " + e.Field + " " + e.Problem }

// DuplicateError says that the player has a live ticket already. Nothing was changed.
type DuplicateError struct {
	Ticket Ticket // the live one
}

func (e *DuplicateError) Error() string {
	return fmt.Sprintf("matchq: player %q has a live ticket already: %s in queue %q", e.Ticket.Player, e.Ticket.ID, e.Ticket.Queue)
}

// IDTakenError says that the id asked for belongs to another player's or another queue's ticket. Nothing was changed.
type IDTakenError struct {
	ID string
}

func (e *IDTakenError) Error() string {
	return fmt.Sprintf("matchq: ticket id %s belongs to another player or queue", e.ID)
}

// MatchedError says that a ticket can't be cancelled, or a match declined: the match was made.
type MatchedError struct {
	Match Match
}

func (e *MatchedError) Error() string {
	return "matchq: the ticket was matched already, in match " + e.Match.ID
}

// BusyError says that a player can't be withdrawn, or gets no new ticket for a released match, because they are proposed or
// have been matched. Nothing was changed for them.
type BusyError struct {
	Player string
}

func (e *BusyError) Error() string {
	return fmt.Sprintf("matchq: player %q is proposed or was matched", e.Player)
}

// UnknownError says that an Enqueue may or may not have been made: there was no answer, or none that tells. Its ticket is
// void: the library repeats that until Redis confirms it, and a write that still arrives queues nobody. If the ticket was
// matched before that, the match is valid and Watch yields it. It is an ErrUnavailable, or context.Canceled if the caller
// gave up.
type UnknownError struct {
	TicketID string
	Err      error // why it is not known
}

func (e *UnknownError) Error() string {
	return fmt.Sprintf("matchq: not known to be queued, so ticket %s is void: %v", e.TicketID, e.Err)
}

func (e *UnknownError) Unwrap() []error { return []error{space.Unavailable(e.Err)} }

// RefusedError is an ErrRefused with Redis's answer.
type RefusedError struct {
	Call   string // such as "match/enqueue"
	Code   string // such as "OOM" (full), "READONLY", "NOPERM", "NOAUTH", "MISCONF", "BUSY", "NOREPLICAS", "LOADING", "CLUSTERDOWN"
	Answer string // as Redis gave it, code included

	// Unknown: something may have been changed all the same. The user lacked a right in the middle of the call, or the
	// driver repeated a call that had no answer. An Enqueue then fails with an *UnknownError.
	Unknown bool
}

func (e *RefusedError) Error() string { return "matchq: redis refuses " + e.Call + ": " + e.Answer }

func (e *RefusedError) Unwrap() error { return ErrRefused }

// RulesConflictError says that others have changed the rules since the caller saw them. Nothing was changed.
type RulesConflictError struct {
	Expected, InForce string // versions
}

func (e *RulesConflictError) Error() string { return (*rulebook.ConflictError)(e).Error() }

// ConfigError says that the namespace lives by another schema or retention: it has live tickets, or another process is in
// Run, or was killed there less than 3 s ago. Start this node with that configuration, or once none of this holds.
type ConfigError struct {
	Mine, Theirs string
}

func (e *ConfigError) Error() string {
	return fmt.Sprintf("matchq: this node is configured with %q, but the namespace lives by %q; use the same, or let all its tickets end and stop its nodes first",
		e.Mine, e.Theirs)
}

// PolicyError says that a policy of your own can't be loaded, or failed on a queue. No ticket is lost: FIFO matches the
// queue at once, and until the first window that is at least 30 s later. The policy is then tried again. If a policy of the
// library fails, on a record that something else has changed, say, the tickets of that visit wait for the next one.
type PolicyError struct {
	Policy  string // its name
	Line    int    // of its source; 0 if no line is known
	Queue   string // empty if it can't be loaded
	Problem string
}

func (e *PolicyError) Error() string { return (*sandbox.Error)(e).Error() }
