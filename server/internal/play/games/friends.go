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
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// Invite invites a friend, who is told until they answer or the time is over. users is nil if the friend is not online.
// Inviting again while the invitation is open changes nothing.
func (r *Games) Invite(ctx context.Context, who quiz.Participant, friend wire.ID) (users map[string]any, err error) {
	if err := friend.Check("friendUserId"); err != nil {
		return nil, err
	}
	if friend.Name == who.ID.Name {
		return nil, wire.Errorf(wire.CodeInvalid, "friendUserId must be somebody else")
	}
	found, err := r.sessions.Find(ctx, friend.Name)
	if err != nil {
		return nil, err
	}
	if !found[0].Online() {
		return nil, nil //nolint:nilnil // and that is an answer
	}
	other := quiz.Participant{ID: found[0].ID, SID: found[0].SID}
	for range maxAttempts {
		users, err = r.invite(ctx, who, other)
		if !errors.Is(err, matchq.ErrConflict) {
			break
		}
	}
	return users, err
}

// invite makes an invitation unless there is one between the two. A room named after the pair, which holds the name of
// the invitation's, sees to that.
func (r *Games) invite(ctx context.Context, who, friend quiz.Participant) (map[string]any, error) {
	pair := pairName(who.ID.Name, friend.ID.Name)
	lock, err := r.matcher.Room(ctx, pair)
	if err != nil && !errors.Is(err, matchq.ErrNotFound) {
		return nil, err
	}
	if err == nil {
		if open, err := r.openInvitation(ctx, lock, who.ID.Name); err != nil || open != nil {
			return open, err
		}
	}
	now := lock.Now.UnixMilli()
	t := quiz.NewInvitation(friendRoom+xid.New().String(), r.config, now, who, friend)
	_, err = r.matcher.ChangeRoom(ctx, matchq.RoomChange{
		ID: pair, Version: lock.Version, Doc: []byte(strconv.FormatInt(now, 10) + " " + t.ID),
		Keep: time.Duration(t.Ends-now)*time.Millisecond + r.config.ClaimTimeout,
	})
	if err != nil {
		return nil, err
	}
	if err := r.store(ctx, t, matchq.Room{}); err != nil {
		return nil, err
	}
	return t.Users(), nil
}

// openInvitation returns the invitation that a lock stands for, if it is open; it is an error to whom it is to.
func (r *Games) openInvitation(ctx context.Context, lock matchq.Room, inviter string) (map[string]any, error) {
	made, id, _ := strings.Cut(string(lock.Doc), " ")
	room, _, err := r.load(ctx, id)
	if err != nil {
		ms, _ := strconv.ParseInt(made, 10, 64) // we wrote it
		fresh := lock.Now.Sub(time.UnixMilli(ms)) < r.config.ClaimTimeout
		if wire.ErrorOf(err).Code == wire.CodeNotFound && !fresh {
			return nil, nil //nolint:nilnil // it was given up half done
		}
		if wire.ErrorOf(err).Code != wire.CodeNotFound {
			return nil, err
		}
		return nil, errInvited()
	}
	switch {
	case room.Phase != quiz.Invited:
		return nil, nil //nolint:nilnil // it was answered
	case room.Players[0].ID.Name != inviter:
		return nil, errInvited()
	default:
		return room.Users(), nil
	}
}

func errInvited() error {
	return wire.Errorf(wire.CodeAlreadyInvited, "there is an open invitation between the two already")
}

// pairName names two players, in whichever order.
func pairName(a, b string) string {
	names := []string{a, b}
	slices.Sort(names)
	hash := sha256.Sum256([]byte(names[0] + "\x00" + names[1]))
	return pairLock + hex.EncodeToString(hash[:16])
}

// ReasonFriendMatch is the reason of tickets that were given up for a friend match.
const ReasonFriendMatch = "friend_match"

// Accept accepts an invitation: both leave their queues, in one step, and other games. The invitation is claimed first,
// so that it does not end while they leave their queues. If we die in between it is open again when the claim is over.
func (r *Games) Accept(ctx context.Context, id string, who quiz.Participant) (users map[string]any, err error) {
	var (
		room  *quiz.Room
		claim int64
		done  bool
	)
	err = r.act(ctx, id, who, func(t *quiz.Change) error {
		room = t.Room
		claim, done, err = t.Claim(who.ID.Name)
		return err
	})
	switch {
	case err != nil:
		return nil, err
	case done:
		return room.Users(), nil // what they have begun since stands
	}
	// From here on it is done to the end, even if who asked no longer waits, but not beyond the claim.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), r.config.ClaimTimeout)
	defer cancel()
	if err := r.matcher.Withdraw(ctx, ReasonFriendMatch, time.UnixMilli(room.Invited), room.Names()...); err != nil {
		r.release(ctx, id, claim)
		return nil, err // one of them plays with somebody else by now, perhaps
	}
	if users, err = r.accept(ctx, id, who); err != nil {
		return nil, err
	}
	for _, name := range room.Names() {
		others, err := r.matcher.RoomsOf(ctx, name)
		if err != nil {
			r.log.Warn("a game of before could not be left", "player", name, "error", err)
		}
		r.ForfeitFor(ctx, name, slices.DeleteFunc(others, func(other string) bool { return other == id }))
	}
	return users, nil
}

// release gives a claim back. Should that fail, it ends by itself.
func (r *Games) release(ctx context.Context, id string, claim int64) {
	err := r.change(ctx, id, func(t *quiz.Change) error {
		t.Release(claim)
		return nil
	})
	if err != nil {
		r.log.Warn("an invitation is open again only when its claim is over", "room", id, "error", err)
	}
}

// accept begins the game of an invitation. Who is not there by now has the grace to come.
func (r *Games) accept(ctx context.Context, id string, who quiz.Participant) (users map[string]any, err error) {
	err = r.act(ctx, id, who, func(t *quiz.Change) error {
		if err := r.checkPresence(ctx, t); err != nil {
			return err
		}
		users, err = t.Accept(who.ID.Name)
		return err
	})
	return users, err
}

// Decline declines an invitation.
func (r *Games) Decline(ctx context.Context, id string, who quiz.Participant) (refused *quiz.Refused, err error) {
	err = r.act(ctx, id, who, func(t *quiz.Change) error {
		refused, err = t.Decline(who.ID.Name)
		return err
	})
	return refused, err
}
