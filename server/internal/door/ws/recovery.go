package ws

import (
	"crypto/sha256"
	"encoding/base64"
	"strings"

	"github.com/rs/xid"
)

// Clients 4 can recover by themselves: the server gives them a pid, and they return it, with the last seq that they got
// as the offset, when they connect again. The same pid in the answer says that nothing is missing. A pid is
//
//	<player>.<start>.<client>.<unique>
//
// start is the place in the player's mailbox at which the client joined, for a client that got no seq since. client is
// its sessions.Session.SetClient. Recovery is for players with a proof only: a pid proves nothing.

// asksRecovery reports whether the client can take a second argument. Clients that do not ask might break on it.
func (from *credentials) asksRecovery() bool { return from.Recover || from.PID != "" }

// pid is a parsed pid; the zero value is none.
type pid struct{ start, client string }

// enter binds the session to the player of its proof. It returns the pid for the client, "" if there is none, and has
// the missed messages of a returning client sent after the request.
func (c *socketIO) enter(from *credentials) string {
	player := c.session.Identity.Player
	if c.Resume == nil || player == "" || !from.asksRecovery() {
		c.bindProven()
		return ""
	}
	prefix := c.pidPrefix(player)
	before := parsePID(from.PID, prefix)
	name := before.client
	if name == "" {
		name = xid.New().String()
	}
	name = c.session.SetClient(name)
	c.bindProven()
	if before.client != "" && c.recover(before, from.Offset) {
		return from.PID
	}
	return prefix + strings.Join([]string{c.session.Start(), name, xid.New().String()}, ".")
}

// recover has the messages sent that a client has missed, and reports whether those are all. Those that wait for a
// namespace are among them.
func (c *socketIO) recover(before pid, offset string) bool {
	if offset == "" {
		offset = before.start
	}
	recovered, err := c.Resume(c.ctx, c.session, offset, before.client)
	if err != nil {
		c.Log.Warn("missed messages could not be replayed", "error", err)
		return false
	}
	c.outlet.forget()
	return recovered
}

// pidPrefix keeps the pids of players and matchers apart.
func (c *socketIO) pidPrefix(player string) string {
	sum := sha256.Sum256([]byte(c.Namespace + "\x00" + player))
	return base64.RawURLEncoding.EncodeToString(sum[:12]) + "."
}

// parsePID reads a pid with a prefix. It is none if a part is malformed, since clients can make one up.
func parsePID(text, prefix string) pid {
	rest, mine := strings.CutPrefix(text, prefix)
	parts := strings.Split(rest, ".")
	if !mine || len(parts) != 3 {
		return pid{}
	}
	if _, err := xid.FromString(parts[1]); err != nil {
		return pid{}
	}
	return pid{start: parts[0], client: parts[1]}
}
