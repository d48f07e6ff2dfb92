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
	who, err := c.identify(from.Token)
	if err == nil && c.session != nil && who.Player != "" && who.Player != c.session.Identity.Player {
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
		c.openSession(who, c)
	}
	c.welcome(p.Namespace, &from)
}

// identify says who the client is: by a token it joins a namespace with, or else by its handshake.
func (c *socketIO) identify(token string) (identity.Identity, error) {
	switch {
	case token != "":
		return c.Guard.OfToken(token)
	case c.authErr != nil && c.session != nil: // by the token for another namespace
		return c.session.Identity, nil
	default:
		return c.identity, c.authErr
	}
}

// unauthorized is how a client that has not proven who it is gets refused.
func unauthorized(err error) *wire.Error {
	if f := wire.ErrorOf(err); f.Code != wire.CodeInternal {
		return f
	}
	return wire.Errorf(wire.CodeUnauthorized, "%v", err)
}

// enterNamespace says whether the connection is still open.
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

// welcome tells the client that it is in. A client 4 that was there before hears what it has missed right after that.
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

// buffer keeps events back until release, which sends them after the client's welcome: until then it is not listening.
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

// recover returns the id by which a client 4 asks for what it has missed the next time; the same as before says that it
// has missed nothing. It is only for players who have proven who they are: the id itself proves nothing.
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
			c.Log.Warn("a client could not be told what it has missed", "error", err)
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

// refuse does not let the client into a namespace. Clients 3 and 4 take a refusal for final, clients 2 have to be told to
// leave as well.
func (c *socketIO) refuse(namespace string, f *wire.Error) {
	why := code{Code: f.Code}
	var data json.RawMessage
	if c.version == 4 {
		text := f.Message
		if f.Code == wire.CodeUnauthorized {
			text = string(f.Code) // what clients go by is the code; the reason is nobody's business
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
