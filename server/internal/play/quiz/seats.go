package quiz

import "slices"

// The kinds of seats: why a player has one.
const (
	SeatInviting = "inviting" // the player's own invitation is open
	SeatInvited  = "invited"  // an invitation to the player is open
	SeatPlaying  = "playing"  // the player has something to lose
	SeatFinished = "finished" // the player waits for the others' answers
)

// The most open invitations of a player.
const (
	MaxInviting = 5
	MaxInvited  = 20
)

// Seat is a player's seat in a room.
type Seat struct{ Player, Kind string }

// Seats returns the seats of a room that is not over. While an invitation is being accepted its inviter counts as
// playing, so that one invitation is accepted at a time.
func (r *Room) Seats() []Seat {
	var all []Seat
	for i := range r.Players {
		p := &r.Players[i]
		name := p.ID.Name
		switch {
		case r.Phase == Over || p.Left || !p.plays():
		case r.Phase == Invited && i > 0:
			all = append(all, Seat{name, SeatInvited})
		case r.Phase == Invited && r.Claimed > 0:
			all = append(all, Seat{name, SeatInviting}, Seat{name, SeatPlaying})
		case r.Phase == Invited:
			all = append(all, Seat{name, SeatInviting})
		case r.hasFinished(p):
			all = append(all, Seat{name, SeatFinished})
		default:
			all = append(all, Seat{name, SeatPlaying})
		}
	}
	return all
}

// HasSeat reports whether a player has a seat.
func (r *Room) HasSeat(name string) bool {
	return slices.ContainsFunc(r.Seats(), func(s Seat) bool { return s.Player == name })
}
