package matchq

import (
	"context"
	"fmt"
	"slices"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/internal/space"
)

var (
	answerScript = space.Bind[answerArgs]("match/answer")
	settleScript = space.Bind[settleArgs]("match/settle")
	renewScript  = space.Bind[renewArgs]("match/renew")
)

type answerArgs struct {
	Match  string `lua:"match"`
	Player string `lua:"player"`
	Answer string `lua:"answer"`
	Reason string `lua:"reason"`
}

type settleArgs struct {
	Limit int `lua:"limit"`
}

type renewArgs struct {
	Cursor string `lua:"cursor"`
	Limit  int    `lua:"limit"`
}

// Accept says that a player takes a proposed match, and returns the match as it is then: Proposed while others have yet
// to accept, Matched once all have. Safe to repeat, also after that.
//
// Errors: ErrNotFound if there is no such match or the player is not in it, ErrReadyCheckFailed if a player declined or
// it is too late, *ConfigError, ErrUnavailable.
func (m *Matcher) Accept(ctx context.Context, matchID, player string) (Match, error) {
	match, err := m.answer(ctx, matchID, player, "accept", "")
	if err == nil && match.State == Cancelled {
		return Match{}, fmt.Errorf("%w: %s", ErrReadyCheckFailed, matchID)
	}
	return match, err
}

// Decline ends a proposed match: the player's ticket is cancelled with ReasonDeclined. The others wait again, with their
// place and their EnqueuedAt. It also takes an Accept back. Safe to repeat.
//
// Errors: ErrNotFound if there is no such match or the player is not in it, *MatchedError if all have accepted,
// ErrReadyCheckFailed if it fell apart otherwise, *ConfigError, ErrUnavailable.
func (m *Matcher) Decline(ctx context.Context, matchID, player string) error {
	match, err := m.answer(ctx, matchID, player, "decline", ReasonDeclined)
	if err != nil {
		return err
	}
	if match.State == Matched {
		return &MatchedError{Match: match}
	}
	if t := match.ticketOf(player); t.State == Cancelled && t.Reason == ReasonDeclined {
		return nil
	}
	return fmt.Errorf("%w: %s", ErrReadyCheckFailed, matchID)
}

// answer accepts or declines, and returns the match as it then is.
func (m *Matcher) answer(ctx context.Context, matchID, player, answer, reason string) (Match, error) {
	if _, _, ok := codec.SplitPlaceID(matchID); !ok || CheckName("player", player) != nil {
		return Match{}, ErrNotFound // nobody has such an id
	}
	r, err := answerScript.Call(ctx, m.space, answerArgs{
		Match: matchID, Player: player, Answer: answer, Reason: reason,
	})
	if err != nil {
		return Match{}, err
	}
	match, err := decodeMatch(r, matchID, r.Number())
	if err == nil && match.ticketOf(player) == nil {
		return Match{}, ErrNotFound
	}
	return match, err
}

// ticketOf is the ticket of a player in a match, nil if they are not in it.
func (m *Match) ticketOf(player string) *Ticket {
	i := slices.IndexFunc(m.Tickets, func(t Ticket) bool { return t.Player == player })
	if i < 0 {
		return nil
	}
	return &m.Tickets[i]
}

// settleOverdue settles overdue proposals, a bounded number, and says whether there are more.
func (m *Matcher) settleOverdue(ctx context.Context) (more bool, err error) {
	r, err := settleScript.Call(ctx, m.space, settleArgs{Limit: m.cfg.Limit})
	if err != nil {
		return false, err
	}
	r.Number() // how many were settled
	more = r.Number() == 1
	return more, r.Err
}

// renewProposals sets the deadlines of proposals anew that were made before Redis's clock was set back.
func (m *Matcher) renewProposals(ctx context.Context) error {
	for args := (renewArgs{Cursor: "0", Limit: m.cfg.Limit}); ; {
		r, err := renewScript.Call(ctx, m.space, args)
		if err != nil {
			return err
		}
		if args.Cursor = r.Text(); r.Err != nil || args.Cursor == "0" {
			return r.Err
		}
	}
}
