package quiz

import (
	"strconv"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Participant is a player, as the player writes the id, and a connection.
type Participant struct {
	ID  wire.ID `json:"id"`
	SID string  `json:"sid"`
}

func seats(players []Participant) []Player {
	seats := make([]Player, len(players))
	for i, p := range players {
		seats[i] = Player{ID: p.ID, SID: p.SID}
	}
	return seats
}

// NewMatch opens the room of a general match.
func NewMatch(id string, set wire.ID, c Config, now int64, players []Participant) *Change {
	r := &Room{ID: id, Phase: Open, Match: true, Set: set, Players: seats(players)}
	t := &Change{Room: r, Config: c, Now: now}
	r.Ends = t.after(c.TTL)
	return t
}

// NewInvitation makes an invitation to the second player and sends it for the first time.
func NewInvitation(id string, c Config, now int64, players ...Participant) *Change {
	r := &Room{ID: id, Phase: Invited, Players: seats(players), At: now, Invited: now}
	r.Ends = now + int64(c.MaxSends)*c.Resend.Milliseconds()
	t := &Change{Room: r, Config: c, Now: now}
	t.resend()
	return t
}

// Users returns the players as user1, user2 and so on.
func (r *Room) Users() map[string]any {
	users := map[string]any{"roomId": r.ID}
	for i := range r.Players {
		users["user"+strconv.Itoa(i+1)] = Participant{r.Players[i].ID, r.Players[i].SID}
	}
	return users
}

// InvitationEvent is the event of an invitation.
const InvitationEvent = "request_game_match_to_friend"

// resend sends an invitation again. Missed sends are not made up for.
func (t *Change) resend() {
	if t.Sent == t.Config.MaxSends {
		t.At = t.Ends
		return
	}
	t.Sent++
	t.Messages = append(t.Messages, Message{t.Players[1].ID.Name, InvitationEvent, t.Users()})
	t.At = max(t.At, t.Now-t.Config.Resend.Milliseconds()) + t.Config.Resend.Milliseconds()
	if t.At <= t.Now {
		t.At = t.after(t.Config.Resend)
	}
}

// canAccept returns an error unless the player may accept the invitation. done says that it is accepted already.
func (r *Room) canAccept(name string) (done bool, err error) {
	p, err := r.player(name)
	switch {
	case err != nil:
		return false, err
	case r.Match || p == &r.Players[0]:
		return false, wire.Errorf(wire.CodeForbidden, "only the invited player can answer an invitation")
	case r.Reason == Declined || r.Reason == Expired:
		return false, wire.Errorf(wire.CodeExpired, "the invitation is over: %s", r.Reason)
	default:
		return r.Phase != Invited, nil
	}
}

// Claim precedes Accept. The invitation can't end until Accept or Release is called or the claim ends. claim identifies
// the claim; done says that the invitation is accepted already. The inviter must play no other game: only what players do
// themselves ends their game.
func (t *Change) Claim(name string) (claim int64, done bool, err error) {
	done, err = t.canAccept(name)
	switch {
	case err != nil || done:
		return 0, done, err
	case t.Now >= t.Ends:
		return 0, false, wire.Errorf(wire.CodeExpired, "the invitation is over: %s", Expired)
	}
	t.Claimed = max(t.after(t.Config.ClaimTimeout), t.Claimed+1)
	t.Alone = t.Players[0].ID.Name
	return t.Claimed, false, nil
}

// claimed reports whether a claim holds.
func (t *Change) claimed() bool { return t.Claimed > t.Now }

// Release gives a claim back, unless there is a newer one.
func (t *Change) Release(claim int64) {
	if t.Claimed == claim {
		t.Claimed = 0
		t.leaveDeferred()
	}
}

// leaveDeferred lets players leave who asked for it during a claim.
func (t *Change) leaveDeferred() {
	for i := range t.Players {
		if p := &t.Players[i]; p.Leaving {
			p.Leaving = false
			_ = t.Leave(p.ID.Name) // the player is one of the room's
		}
	}
}

// Accept accepts an invitation and opens the game.
func (t *Change) Accept(name string) (map[string]any, error) {
	done, err := t.canAccept(name)
	if err != nil || done {
		return t.Users(), err
	}
	t.Phase, t.At, t.Ends, t.Claimed = Open, 0, t.after(t.Config.TTL), 0
	t.Alone = t.Players[0].ID.Name
	t.broadcast(name, "created_friend_match", t.Users())
	for i := range t.Players {
		if p := &t.Players[i]; p.Away > 0 { // absences are told once there is a game
			t.broadcast(p.ID.Name, awayEvent, t.graceOf(p))
		}
	}
	users := t.Users()
	t.leaveDeferred()
	return users, nil
}

// Refused tells players that there is no friend match.
type Refused struct {
	RoomID string `json:"roomId"`
	Reason string `json:"reason"`
}

// Decline declines an invitation.
func (t *Change) Decline(name string) (*Refused, error) {
	done, err := t.canAccept(name)
	switch {
	case t.Has(name) && t.Reason == Declined && t.Players[1].ID.Name == name: // repeated
	case err != nil:
		return nil, err
	case done:
		return nil, wire.Errorf(wire.CodeExpired, "the invitation was accepted already")
	case t.claimed():
		return nil, wire.Errorf(wire.CodeExpired, "the invitation is being accepted")
	default:
		t.decline(Declined, name)
	}
	return &Refused{t.ID, Declined}, nil
}

// declinedEvent is the event of an invitation that has ended without a game.
const declinedEvent = "friend_request_declined"

// decline ends an invitation and tells both players, except the one who is answered.
func (t *Change) decline(reason, but string) {
	t.broadcast(but, declinedEvent, Refused{t.ID, reason})
	t.Phase, t.Reason, t.At, t.Claimed = Over, reason, 0, 0
	for i := range t.Players {
		t.Players[i].Left, t.Players[i].Away = true, 0
	}
}
