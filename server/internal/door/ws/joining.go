package ws

import (
	"encoding/json"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/door/ws/packet"
)

// credentials are the payload with which clients 3 and 4 join a namespace. A pid, an offset or a recover of another type
// counts as none.
type credentials struct {
	Token   string
	PID     string
	Offset  string
	Recover bool
}

func readCredentials(p *packet.Packet) (credentials, error) {
	var from credentials
	var given struct {
		Token   json.RawMessage `json:"token"`
		PID     json.RawMessage `json:"pid"`
		Offset  json.RawMessage `json:"offset"`
		Recover json.RawMessage `json:"recover"`
	}
	if len(p.Data) > 0 {
		if err := wire.DecodeLenient(p.Data, &given); err != nil {
			return from, wire.Errorf(wire.CodeBadMessage, "%v", err)
		}
	}
	if json.Unmarshal(given.Token, &from.Token) != nil {
		from.Token = string(given.Token) // not a string, and so no valid token
	}
	for _, field := range []struct {
		given json.RawMessage
		into  any
	}{{given.PID, &from.PID}, {given.Offset, &from.Offset}, {given.Recover, &from.Recover}} {
		_ = json.Unmarshal(field.given, field.into)
	}
	if from.Token == "" {
		from.Token = tokenIn(p.Query)
	}
	return from, nil
}

// join lets the client into a namespace.
func (c *socketIO) join(p *packet.Packet) {
	if !c.layer.isNamespace(p.Namespace) {
		c.refuse(p.Namespace, invalidNamespace())
		return
	}
	from, err := readCredentials(p)
	if err != nil {
		c.refuse(p.Namespace, wire.ErrorOf(err))
		return
	}
	client, err := c.identify(from.Token)
	if err == nil && c.session != nil && client.Player != "" && client.Player != c.session.Identity.Player {
		err = wire.Errorf(wire.CodeForbidden, "this connection is another player's")
	}
	if err != nil {
		c.refuse(p.Namespace, unauthorized(err))
		return
	}
	if !c.outlet.join(p.Namespace, c.version == 4 && from.asksRecovery()) {
		return
	}
	c.joining.Stop()
	if c.session == nil {
		c.openSession(client, c)
		if c.poller != nil {
			c.poller.setOwner(client)
		}
	}
	c.welcome(p.Namespace, &from)
	c.layer.joined(c, p)
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

type welcome struct {
	SID string `json:"sid"`
	PID string `json:"pid,omitempty"`
}

// welcome confirms a namespace. A client 4 that was here before gets its missed messages next.
func (c *socketIO) welcome(namespace string, from *credentials) {
	answer := packet.Packet{Type: packet.Connect, Namespace: namespace}
	if c.version == 3 {
		c.outlet.welcome(&answer)
		c.bindProven()
		return
	}
	c.session.BeginRequest()
	defer c.session.EndRequest()
	pid := c.enter(from)
	answer.Data = wire.Encode(welcome{c.sid, pid})
	c.outlet.welcome(&answer)
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
		answer := refusal{Message: text, Data: &why}
		if f.Code == wire.CodeNotFound {
			answer.Data = nil // the protocol knows this one
		}
		data = wire.Encode(answer)
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

func quoted(text string) json.RawMessage { return wire.AppendText(nil, text) }
