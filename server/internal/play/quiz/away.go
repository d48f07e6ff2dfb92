package quiz

import "time"

const (
	awayEvent = "opponent_away"
	backEvent = "opponent_back"
)

type awayPayload struct {
	GraceMs int64 `json:"graceMs"`
}

// SetAway starts a player's grace.
func (t *Change) SetAway(name string) {
	p, err := t.player(name)
	if err != nil || t.Phase == Over || !p.plays() || p.Left || p.Away > 0 {
		return
	}
	p.Away = t.after(t.Config.Grace)
	if p.Untold = t.breaksTooOften(p); t.Phase != Invited && !p.Untold {
		t.broadcast(name, awayEvent, t.graceOf(p))
	}
}

// A player whose connection breaks more often is told of no more: each piece of news takes a place in the outboxes of the
// others, of which they keep the newest 256.
const (
	maxBreaks = 5
	breaksIn  = 10 * time.Second
)

// breaksTooOften counts a break.
func (t *Change) breaksTooOften(p *Player) bool {
	if since := t.Now - p.BreaksAt; since < 0 || since > breaksIn.Milliseconds() {
		p.Breaks, p.BreaksAt = 0, t.Now
	}
	p.Breaks++
	return p.Breaks > maxBreaks
}

func (t *Change) graceOf(p *Player) awayPayload { return awayPayload{max(p.Away-t.Now, 0)} }

// SetGone says that a player was away for the whole grace. The room may not have heard that it began.
func (t *Change) SetGone(name string) {
	p, err := t.player(name)
	if err == nil && t.Phase != Over && p.plays() && !p.Left && p.Away == 0 {
		p.Away = t.Now
	}
}

// SetBack ends a player's absence. If all were away the others have a whole grace from now on: what kept all away may
// have ended only now.
func (t *Change) SetBack(name, sid string) {
	p, err := t.player(name)
	if err != nil || p.Away == 0 {
		return
	}
	deserted := t.deserted()
	p.Away = 0
	if sid != "" {
		p.SID = sid
	}
	if t.Phase == Invited {
		return
	}
	if !p.Untold {
		t.broadcast(name, backEvent, struct{}{})
	}
	p.Untold = false
	for i := range t.Players {
		if other := &t.Players[i]; deserted && other.Away > 0 {
			other.Away = t.after(t.Config.Grace)
			t.broadcast(other.ID.Name, awayEvent, t.graceOf(other))
		}
	}
}

// deserted reports whether nobody is there who could win: all players are away, and none has finished.
func (r *Room) deserted() bool {
	for i := range r.Players {
		if p := &r.Players[i]; p.plays() && (p.Away == 0 || r.hasFinished(p)) {
			return false
		}
	}
	return true
}

// Overdue returns the players whose grace is over.
func (t *Change) Overdue() []string {
	var names []string
	for i := range t.Players {
		if p := &t.Players[i]; p.Away > 0 && p.Away <= t.Now && t.Phase != Over {
			names = append(names, p.ID.Name)
		}
	}
	return names
}

// GiveUp ends the part of an overdue player. SetAway or SetBack must have been called for all players, as they are now.
// An invitation stands while its inviter is online.
func (t *Change) GiveUp(name string) {
	p, err := t.player(name)
	since := t.Since + t.Config.Grace.Milliseconds()
	switch {
	case err != nil || t.Phase == Over || p.Away == 0 || p.Away > t.Now:
	case t.claimed():
		p.Away = t.Claimed // wake looks the player up again then
	case t.Phase == Invited && p != &t.Players[0]:
		p.Away = 0
	case since > t.Now: // no server was there for a part of the grace
		p.Away = since
		if t.Phase != Invited {
			t.broadcast(name, awayEvent, t.graceOf(p))
		}
	case t.Phase == Invited:
		t.decline(Expired, "")
	case t.deserted():
		t.awaitLast(p)
	default:
		t.forfeit(p)
	}
}

// awaitLast has a player wait for the last one whose grace ends, while all are away. If that one does not come either the
// game is void.
func (t *Change) awaitLast(p *Player) {
	for i := range t.Players {
		if other := &t.Players[i]; other.plays() {
			p.Away = max(p.Away, other.Away)
		}
	}
	if p.Away <= t.Now {
		t.end(Void)
	}
}
