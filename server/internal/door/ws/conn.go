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
	closeProtocol = 1002 // the client does not speak as it must
)

// A connection may send framesAtOnce frames at once, and framesASecond as time goes on. Of what comes faster one frame
// a second is answered, so that whoever sends most is not sent most; the others are dropped.
const (
	framesPerSecond = 50
	frameBurst      = 100
	warnEvery       = time.Second
)

// conn is what a connection has whatever it speaks.
type conn struct {
	*Sockets
	*link    // nil until the upgrade is done
	address  string
	sid      string
	identity identity.Identity
	authErr  error // why who is nobody, if the server wants to know

	// Used by what the client sends only, which comes one after another.
	session *sessions.Session // nil before there is one
	frames  *rate.Limiter
	warned  time.Time
	expiry  *time.Timer // nil if the client's proof does not end
}

func (s *Sockets) newConn(address string) conn {
	return conn{Sockets: s, address: address, sid: xid.New().String(), frames: rate.NewLimiter(framesPerSecond, frameBurst)}
}

// openSession opens the session of a connection. It ends with the proof of who the client is.
func (c *conn) openSession(who identity.Identity, t sessions.Transport) {
	c.session = c.Sessions.Open(c.sid, c.address, who, t)
	if who.Expires.IsZero() {
		return
	}
	c.expiry = time.AfterFunc(time.Until(who.Expires), func() {
		t.Close(sessions.CloseUnauthorized, "the token has expired: connect with a new one")
	})
}

// bindProven makes the session its player's, if the client has proven to be one. If Redis is away the client's next event
// tries again, and says so.
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

// goodbye is called when the client closes the connection.
func (c *conn) goodbye() {
	if c.session != nil {
		c.session.Goodbye()
	}
}

// limitFrames says whether a frame is to be dropped, and what to tell the client of that, if anything.
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
	tell = wire.Errorf(wire.CodeRateLimited, "more than %d frames a second: what comes faster is dropped", framesPerSecond)
	tell.RetryAfter = warnEvery
	return true, tell
}

// responder is where the answer to an event goes.
type responder interface {
	reply(event string, data json.RawMessage)
	ack(data json.RawMessage) // if the client asked for one
	fail(f *wire.Error)
}

// handle has an event handled and answers it.
func (c *conn) handle(a responder, event string, data json.RawMessage) {
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

// orEmpty is a payload, for an event that has none an empty one.
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

// errorPayload writes what a client is told of a failure.
func errorPayload(f *wire.Error) json.RawMessage {
	return wire.Encode(errorData{f.Code, f.Message, f.RetryAfter.Milliseconds()})
}
