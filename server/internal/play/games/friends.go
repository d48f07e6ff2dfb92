package games

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/rs/xid"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// Invite invites a friend, who gets the invitation again and again until the friend answers or it expires. users is nil
// if the friend is offline. Inviting again while the invitation is open changes nothing.
func (g *Games) Invite(ctx context.Context, player quiz.Participant, friend wire.ID) (users map[string]any, err error) {
	if err := friend.Check("friendUserId"); err != nil {
		return nil, err
	}
	if friend.Name == player.ID.Name {
		return nil, wire.Errorf(wire.CodeInvalid, "friendUserId must be another player")
	}
	found, err := g.sessions.Find(ctx, friend.Name)
	if err != nil {
		return nil, err
	}
	if !found[0].Online() {
		return nil, nil //nolint:nilnil // offline is an answer
	}
	other := quiz.Participant{ID: found[0].ID, SID: found[0].SID}
	for range maxAttempts {
		users, err = g.invite(ctx, player, other)
		if !errors.Is(err, rooms.ErrConflict) {
			break
		}
	}
	return users, err
}

// invite makes an invitation unless one is open between the two. The pair's lock, a room that holds the name of the
// invitation's room, sees to that. A call that stopped in between is finished by the next one: it uses the same name, and
// the first to make the room wins.
func (g *Games) invite(ctx context.Context, player, friend quiz.Participant) (map[string]any, error) {
	pair := pairName(player.ID.Name, friend.ID.Name)
	lock, err := g.rooms.Get(ctx, pair)
	if err != nil && !errors.Is(err, matchq.ErrNotFound) {
		return nil, err
	}
	id := ""
	if err == nil {
		open, unmade, err := g.openInvitation(ctx, lock, player.ID.Name)
		if err != nil || open != nil {
			return open, err
		}
		id = unmade
	}
	if id == "" {
		id = friendRoom + xid.New().String()
	}
	now := lock.Now.UnixMilli()
	t := quiz.NewInvitation(id, g.config, now, player, friend)
	_, err = g.rooms.Change(ctx, rooms.Change{ // also of a lock that stands: Redis may have lost it meanwhile, and the room
		ID: pair, Version: lock.Version, Doc: []byte(strconv.FormatInt(now, 10) + " " + t.ID),
		Keep: time.Duration(t.Ends-now)*time.Millisecond + g.config.ClaimTimeout,
	})
	if err != nil {
		return nil, err
	}
	if err := g.store(ctx, &turn{Change: t}); err != nil {
		return nil, err
	}
	return t.Users(), nil
}

// openInvitation returns the open invitation of a pair's lock, nil if there is none. If the other player made it that
// is an error. unmade is the name of the room if the call that locked the pair has not made it, or not yet.
func (g *Games) openInvitation(ctx context.Context, lock rooms.Room, inviter string) (users map[string]any, unmade string, err error) {
	made, id, _ := strings.Cut(string(lock.Doc), " ")
	room, _, err := g.load(ctx, id)
	switch {
	case err != nil && wire.ErrorOf(err).Code == wire.CodeNotFound:
		ms, _ := strconv.ParseInt(made, 10, 64) // invite wrote it
		if lock.Now.Sub(time.UnixMilli(ms)) < g.config.ClaimTimeout {
			return nil, id, nil // no older one, whose room may have been there: its messages are known
		}
		return nil, "", nil
	case err != nil:
		return nil, "", err
	case room.Phase != quiz.Invited:
		return nil, "", nil // it has been answered
	case room.Players[0].ID.Name != inviter:
		return nil, "", errInvited()
	default:
		return room.Users(), "", nil
	}
}

func errInvited() error {
	return wire.Errorf(wire.CodeAlreadyInvited, "an invitation between these players is open already")
}

// pairName names the lock of two players, in either order.
func pairName(a, b string) string {
	names := []string{a, b}
	slices.Sort(names)
	hash := sha256.Sum256([]byte(names[0] + "\x00" + names[1]))
	return pairLock + hex.EncodeToString(hash[:16])
}

// reasonFriendMatch is the reason of tickets that are cancelled for a friend match.
const reasonFriendMatch = "friend_match"

// Accept accepts an invitation: both players leave their queues, in one step, and the one who accepts leaves other games.
// An inviter who plays another game is busy. The invitation is claimed first, so that it does not expire meanwhile. If
// this node dies halfway it is open again when the claim ends.
func (g *Games) Accept(ctx context.Context, id string, player quiz.Participant) (users map[string]any, err error) {
	var (
		room  *quiz.Room
		claim int64
		done  bool
	)
	err = g.act(ctx, id, player, func(t *quiz.Change) error {
		room = t.Room
		claim, done, err = t.Claim(player.ID.Name)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case done:
		return room.Users(), nil // games that they began since stand
	}
	// From here on it is finished even if the client goes away, but not beyond the claim.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), g.config.ClaimTimeout)
	defer cancel()
	if err := g.matcher.Withdraw(ctx, reasonFriendMatch, time.UnixMilli(room.Invited), room.Names()...); err != nil {
		g.release(ctx, id, claim)
		return nil, err // one of them may have been matched meanwhile
	}
	users, err = g.accept(ctx, id, player)
	if wire.ErrorOf(err).Code == wire.CodePlayerBusy {
		g.release(ctx, id, claim)
	}
	if err != nil {
		return nil, err
	}
	others, err := g.rooms.Of(ctx, player.ID.Name, quiz.SeatPlaying)
	if err != nil {
		g.log.Warn("an earlier game could not be forfeited", "player", player.ID.Name, "error", err)
	}
	g.ForfeitFor(ctx, player.ID.Name, slices.DeleteFunc(others, func(other string) bool { return other == id }))
	return users, nil
}

// release gives a claim back. If that fails the claim ends by itself.
func (g *Games) release(ctx context.Context, id string, claim int64) {
	err := g.change(ctx, id, func(t *quiz.Change) error {
		t.Release(claim)
		return nil
	})
	if err != nil {
		g.log.Warn("an invitation stays claimed until the claim ends", "room", id, "error", err)
	}
}

// accept begins the game of an invitation. A player who is offline has the grace to come.
func (g *Games) accept(ctx context.Context, id string, player quiz.Participant) (users map[string]any, err error) {
	err = g.act(ctx, id, player, func(t *quiz.Change) error {
		if err := g.checkPresence(ctx, t); err != nil {
			return err
		}
		users, err = t.Accept(player.ID.Name)
		return err
	})
	return users, err
}

// Decline declines an invitation.
func (g *Games) Decline(ctx context.Context, id string, player quiz.Participant) (refused *quiz.Refused, err error) {
	err = g.act(ctx, id, player, func(t *quiz.Change) error {
		refused, err = t.Decline(player.ID.Name)
		return err
	})
	return refused, err
}
