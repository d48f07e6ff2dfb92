package quiz

import (
	"strconv"

	"github.com/matchq/matchq/server/internal/fault"
	"github.com/matchq/matchq/server/internal/ids"
)

// Who is a player as they call themself, and their connection.
type Who struct {
	ID  ids.ID `json:"id"`
	SID string `json:"sid"`
}

func players(who []Who) []Player {
	players := make([]Player, len(who))
	for i, w := range who {
		players[i] = Player{ID: w.ID, SID: w.SID}
	}
	return players
}

// NewMatch opens the room of a general match.
func NewMatch(id string, set ids.ID, c Config, now int64, who []Who) *Turn {
	r := &Room{ID: id, Phase: Open, Match: true, Set: set, Players: players(who)}
	t := &Turn{Room: r, Config: c, Now: now}
	r.Ends = t.after(c.TTL)
	return t
}

// NewInvitation invites the second player and sends that the first time.
func NewInvitation(id string, c Config, now int64, who ...Who) *Turn {
	r := &Room{ID: id, Phase: Invited, Players: players(who), At: now, Invited: now}
	r.Ends = now + int64(c.Sends)*c.Resend.Milliseconds()
	t := &Turn{Room: r, Config: c, Now: now}
	t.resend()
	return t
}

// Users are the players of a room by their numbers.
func (r *Room) Users() map[string]any {
	users := map[string]any{"roomId": r.ID}
	for i := range r.Players {
		users["user"+strconv.Itoa(i+1)] = Who{r.Players[i].ID, r.Players[i].SID}
	}
	return users
}

// InvitationEvent is how an invited player hears of it.
const InvitationEvent = "request_game_match_to_friend"

// resend sends an invitation again. A time that was missed is not made up for.
func (t *Turn) resend() {
	if t.Sent == t.Config.Sends {
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

// CanAccept says whether a player may accept an invitation, and whether that was done before.
func (r *Room) CanAccept(name string) (done bool, err error) {
	p, err := r.player(name)
	switch {
	case err != nil:
		return false, err
	case r.Match || p == &r.Players[0]:
		return false, fault.New(fault.Forbidden, "only the invited player can answer an invitation")
	case r.Reason == Declined || r.Reason == Expired:
		return false, fault.New(fault.Expired, "the invitation is over: %s", r.Reason)
	default:
		return r.Phase != Invited, nil
	}
}

// Accept accepts an invitation: the game may begin.
func (t *Turn) Accept(name string) (map[string]any, error) {
	done, err := t.CanAccept(name)
	if err != nil {
		return nil, err
	}
	if !done {
		t.Phase, t.At, t.Ends = Open, 0, t.after(t.Config.TTL)
		t.tell(name, "created_friend_match", t.Users())
	}
	return t.Users(), nil
}

// Refused says that a friend match does not come about.
type Refused struct {
	RoomID string `json:"roomId"`
	Reason string `json:"reason"`
}

// Decline declines an invitation.
func (t *Turn) Decline(name string) (*Refused, error) {
	done, err := t.CanAccept(name)
	switch {
	case t.Has(name) && t.Reason == Declined && t.Players[1].ID.Name == name: // again
	case err != nil:
		return nil, err
	case done:
		return nil, fault.New(fault.Expired, "the invitation was accepted already")
	default:
		t.decline(Declined, name)
	}
	return &Refused{t.ID, Declined}, nil
}

// decline ends an invitation and tells both players, but one who is answered.
func (t *Turn) decline(reason, but string) {
	t.tell(but, "friend_request_declined", Refused{t.ID, reason})
	t.Phase, t.Reason, t.At = Over, reason, 0
	for i := range t.Players {
		t.Players[i].Left, t.Players[i].Away = true, 0
	}
}
