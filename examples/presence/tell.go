package main

import (
	"context"
	"encoding/json"

	"github.com/olahol/melody"

	"github.com/matchq/matchq/matchq/presence"
)

// link is a session's connection.
type link struct {
	player, conn string
	ctx          context.Context //nolint:containedctx // that of the request, which lasts as long as the session
}

func linkOf(s *melody.Session) link {
	l, _ := s.MustGet("link").(link)
	return l
}

// hold notes the session of a connection; nil for none any more.
func (g *game) hold(conn string, s *melody.Session) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if s == nil {
		delete(g.sessions, conn)
	} else {
		g.sessions[conn] = s
	}
}

// session is that of a connection; nil if it has just ended.
func (g *game) session(conn string) *melody.Session {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.sessions[conn]
}

// told is a message as a client gets it.
type told struct {
	Event string          `json:"event"`
	Seq   string          `json:"seq,omitempty"`
	Data  json.RawMessage `json:"data,omitempty"`
}

// tell sends a message to its connection, which this process holds. The node calls it with messages from any process.
func (g *game) tell(msg presence.Message) {
	text, err := json.Marshal(told{msg.Event, msg.Seq, msg.Data})
	if s := g.session(msg.Conn); s != nil && err == nil {
		_ = s.Write(text) // an error means that the connection has ended: the message stays in the mailbox
	}
}

// replaced closes a connection whose player has a newer one, here or elsewhere.
func (g *game) replaced(_, conn string) {
	if s := g.session(conn); s != nil {
		_ = s.CloseWithMsg(melody.FormatCloseMessage(4409, "replaced"))
	}
}
