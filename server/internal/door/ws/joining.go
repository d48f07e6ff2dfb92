package ws

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"github.com/rs/xid"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/door/ws/packet"
)

// join lets the client into a namespace.
func (c *socketIO) join(p *packet.Packet) {
	if !isNamespace(p.Namespace) {
		c.refuse(p.Namespace, invalidNamespace())
		return
	}
	var from credentials
	if len(p.Data) > 0 {
		if err := wire.DecodeLenient(p.Data, &from); err != nil {
			c.refuse(p.Namespace, wire.Errorf(wire.CodeBadMessage, "%v", err))
			return
		}
	}
	if from.Token == "" {
		from.Token = tokenIn(p.Query)
	}
	client, err := c.identify(from.Token)
	if err == nil && c.session != nil && client.Player != "" && client.Player != c.session.Identity.Player {
		err = wire.Errorf(wire.CodeForbidden, "this connection is another player's")
	}
	if err != nil {
		c.refuse(p.Namespace, unauthorized(err))
		return
	}
	if !c.enterNamespace(p.Namespace) {
		return
	}
	if c.session == nil {
		c.openSession(client, c)
	}
	c.welcome(p.Namespace, &from)
}

// identify verifies the token of a namespace, or else takes the handshake's identity.
func (c *socketIO) identify(token string) (identity.Identity, error) {
	switch {
	case token != "":
		return c.Guard.OfToken(token)
	case c.authErr != nil && c.session != nil: // proven by the token of another namespace
		return c.session.Identity, nil
	default:
		return c.identity, c.authErr
	}
}

// unauthorized is the error of a client without a proof.
func unauthorized(err error) *wire.Error {
	if f := wire.ErrorOf(err); f.Code != wire.CodeInternal {
		return f
	}
	return wire.Errorf(wire.CodeUnauthorized, "%v", err)
}

// enterNamespace reports whether the connection is still open.
func (c *socketIO) enterNamespace(namespace string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return false
	}
	c.joining.Stop()
	if !slices.Contains(c.joined, namespace) {
		c.joined = append(c.joined, namespace)
	}
	return true
}

type welcome struct {
	SID string `json:"sid"`
	PID string `json:"pid,omitempty"`
}

// welcome confirms a namespace. A client 4 that was here before gets its missed messages next.
func (c *socketIO) welcome(namespace string, from *credentials) {
	answer := packet.Packet{Type: packet.Connect, Namespace: namespace}
	if c.version == 3 {
		c.send(&answer)
		c.bindProven()
		return
	}
	c.session.BeginRequest()
	defer c.session.EndRequest()
	c.buffer()
	c.bindProven()
	answer.Data = wire.Encode(welcome{c.sid, c.recover(from)})
	c.flush(&answer)
}

// buffer keeps events back until flush, because the client listens only after its welcome.
func (c *socketIO) buffer() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.buffering = true
}

func (c *socketIO) flush(first *packet.Packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.send(first)
	for _, p := range c.buffered {
		c.send(p)
	}
	c.buffering, c.buffered = false, nil
}

// recover returns the pid with which a client 4 asks for missed messages the next time. The same pid as before says
// that none is missing. It is for players with a proof only: the pid itself proves nothing.
func (c *socketIO) recover(from *credentials) string {
	player := c.session.Identity.Player
	if c.Resume == nil || player == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(c.Namespace + "\x00" + player))
	base := base64.RawURLEncoding.EncodeToString(sum[:12]) + "."
	if strings.HasPrefix(from.PID, base) && from.Offset != "" {
		recovered, err := c.Resume(c.ctx, c.session, from.Offset)
		if err != nil {
			c.Log.Warn("missed messages could not be replayed", "error", err)
		}
		if err == nil && recovered {
			return from.PID
		}
	}
	return base + xid.New().String()
}

type refusal struct {
	Message string `json:"message,omitempty"`
	Data    *code  `json:"data,omitempty"`
}

type code struct {
	Code    wire.Code `json:"code"`
	Message string    `json:"message,omitempty"`
}

// refuse refuses a namespace. For clients 3 and 4 that is final; clients 2 must be told to leave as well.
func (c *socketIO) refuse(namespace string, f *wire.Error) {
	why := code{Code: f.Code}
	var data json.RawMessage
	if c.version == 4 {
		text := f.Message
		if f.Code == wire.CodeUnauthorized {
			text = string(f.Code) // clients go by the code, and the reason is not theirs to know
		}
		data = wire.Encode(refusal{Message: text, Data: &why})
	} else {
		if f.Code != wire.CodeUnauthorized {
			why.Message = f.Message
		}
		data = wire.Encode(why)
	}
	c.send(&packet.Packet{Type: packet.Error, Namespace: namespace, Data: data})
	if c.version == 3 {
		c.send(&packet.Packet{Type: packet.Disconnect, Namespace: namespace})
	}
}

func quoted(text string) json.RawMessage { return wire.Encode(text) }
