package ws

import (
	"encoding/json"
	"time"

	"github.com/rs/xid"
	"golang.org/x/time/rate"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

const (
	closeNormal   = 1000
	closeProtocol = 1002 // the client violates the protocol
	closeTooLarge = 1009
)

// Rate limit of frames. One excess frame a second gets an error, so that a flood of frames causes no flood of answers;
// the others are dropped.
const (
	framesPerSecond = 50
	frameBurst      = 100
	warnEvery       = time.Second
)

// conn is the part of a connection that all protocols share.
type conn struct {
	*Sockets
	*link    // nil until the upgrade is done
	address  string
	sid      string
	identity identity.Identity
	authErr  error // of the handshake's proof, if the server needs one

	// Used by the client's frames only, which come one at a time.
	session *sessions.Session // nil until the client is in
	frames  *rate.Limiter
	warned  time.Time
	expiry  *time.Timer // nil if the proof does not end
}

func (s *Sockets) newConn(address string) conn {
	return conn{Sockets: s, address: address, sid: xid.New().String(), frames: rate.NewLimiter(framesPerSecond, frameBurst)}
}

// openSession opens the connection's session, which ends with the client's proof.
func (c *conn) openSession(client identity.Identity, t sessions.Transport) {
	c.session = c.Sessions.Open(c.sid, c.address, client, t)
	if client.Expires.IsZero() {
		return
	}
	c.expiry = time.AfterFunc(time.Until(client.Expires), func() {
		t.Close(sessions.CloseUnauthorized, "the token has expired: connect with a new one")
	})
}

// bindProven binds the session to the player of the proof, if there is one. If Redis is away the client's next event
// retries it and gets the error.
func (c *conn) bindProven() {
	if name := c.session.Identity.Player; name != "" {
		_ = c.Sessions.Bind(c.ctx, c.session, wire.ID{Name: name})
	}
}

// closeSession ends the session.
func (c *conn) closeSession() {
	if c.expiry != nil {
		c.expiry.Stop()
		c.expiry = nil
	}
	if c.session != nil {
		c.Sessions.Disconnect(c.session)
		c.session = nil
	}
}

// goodbye handles an orderly close by the client. It counts only if the client has had all frames.
func (c *conn) goodbye() {
	if c.session != nil && c.isIdle() {
		c.session.Goodbye()
	}
}

// limitFrames reports whether a frame must be dropped, and the error for the client if it gets one.
func (c *conn) limitFrames() (drop bool, tell *wire.Error) {
	now := time.Now()
	if c.frames.AllowN(now, 1) {
		return false, nil
	}
	c.Dropped(dropTooFast)
	if now.Sub(c.warned) < warnEvery {
		return true, nil
	}
	c.warned = now
	tell = wire.Errorf(wire.CodeRateLimited, "more than %d frames a second: excess frames are dropped", framesPerSecond)
	tell.RetryAfter = warnEvery
	return true, tell
}

// responder answers one event.
type responder interface {
	reply(event string, data json.RawMessage)
	ack(data json.RawMessage) // if the client asked for one
	fail(f *wire.Error)
}

// handle handles an event and answers it.
func (c *conn) handle(a responder, event string, data json.RawMessage) {
	c.awaitRoom()
	c.session.BeginRequest()
	defer c.session.EndRequest()
	reply, failure := c.Commands.Handle(c.ctx, c.session, event, data)
	if failure != nil {
		a.fail(failure)
		return
	}
	if reply.Event != "" {
		a.reply(reply.Event, reply.Data)
	}
	a.ack(orEmpty(reply.Data))
}

// orEmpty replaces a missing payload by an empty one.
func orEmpty(data json.RawMessage) json.RawMessage {
	if data == nil {
		return json.RawMessage("{}")
	}
	return data
}

type errorData struct {
	Code         wire.Code `json:"code"`
	Message      string    `json:"message"`
	RetryAfterMs int64     `json:"retryAfterMs,omitempty"`
}

// errorPayload is the payload of an error.
func errorPayload(f *wire.Error) json.RawMessage {
	return wire.Encode(errorData{f.Code, f.Message, f.RetryAfter.Milliseconds()})
}
