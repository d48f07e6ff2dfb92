package ws

import (
	"crypto/rand"
	"errors"
	"io"
	"iter"
	"net/http"
	"os"
	"strconv"
	"strings"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/door/ws/payload"
)

// maxBodies is how many frames of the largest size a POST may have. Clients of Engine.IO 3 don't know the limit of a body.
const maxBodies = 4

// engineError is a refusal as Engine.IO clients know it.
type engineError struct {
	status  int
	Code    int    `json:"code"`
	Message string `json:"message"`
	Detail  string `json:"detail"` // for people
}

var (
	transportUnknown = engineError{status: 400, Code: 0, Message: "Transport unknown"}
	sessionUnknown   = engineError{status: 400, Code: 1, Message: "Session ID unknown"}
	badMethod        = engineError{status: 400, Code: 2, Message: "Bad handshake method"}
	badRequest       = engineError{status: 400, Code: 3, Message: "Bad request"}
	forbidden        = engineError{status: 403, Code: 4, Message: "Forbidden"}
	versionUnknown   = engineError{status: 400, Code: 5, Message: "Unsupported protocol version"}
)

func (s *Sockets) refuseEngine(w http.ResponseWriter, e engineError, detail string) {
	e.Detail = detail
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	_, _ = w.Write(wire.Encode(e)) // the client may have gone
}

func writeBody(w http.ResponseWriter, kind string, body []byte) error {
	w.Header().Set("Content-Type", kind)
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(http.StatusOK)
	_, err := w.Write(body)
	return err
}

// beginPolling answers the first request of a session that polls. The session has no goroutine, and its client no part in
// anything, before the client comes back.
func (s *Sockets) beginPolling(w http.ResponseWriter, r *http.Request, c *socketIO) {
	leave, ok := s.admit(w, r, &c.conn)
	if !ok {
		return
	}
	p := &poller{
		socketIO: c, sid: rand.Text(), wide: r.URL.Query().Get("b64") != "", leave: leave, owner: c.identity,
	}
	c.poller = p
	s.pollers.Store(p.sid, p)
	c.opened(&link{protocol: c, closing: s.Times.Close, log: s.Log, dropped: s.Dropped, socket: p})
	p.poll(w, r)
}

// ofSession answers a request with a sid.
func (s *Sockets) ofSession(w http.ResponseWriter, r *http.Request, sid, transport string) {
	found, ok := s.pollers.Load(sid)
	if !ok {
		s.pollWarning.Do(func() {
			s.Log.Info("refused a Socket.IO request of a session that has ended or is another node's: " +
				"with several nodes the balancer must be sticky, or clients use transports: ['websocket', 'polling']")
		})
		s.refuseEngine(w, sessionUnknown, "this node has no such session: it has ended, or it is another node's; "+
			"with several nodes the balancer must be sticky, or the client takes the option transports: ['websocket', 'polling']")
		return
	}
	p, _ := found.(*poller)
	upgrades := transport == "websocket" && isUpgrade(r)
	switch {
	case !p.authorized(r, upgrades):
		s.refuseEngine(w, forbidden, "the token is not that of the session's client")
	case upgrades:
		s.upgrade(w, r, p)
	case transport == "websocket":
		s.refuseEngine(w, badRequest, needsUpgrade)
	case r.Method == http.MethodGet:
		p.begin()
		p.poll(w, r)
	case r.Method == http.MethodPost:
		p.begin()
		p.post(w, r)
	default:
		s.refuseEngine(w, badRequest, "a session takes GET and POST")
	}
}

const needsUpgrade = "transport=websocket needs a WebSocket's request"

// authorized compares a request with the identity of the session. Browsers' WebSockets have no Authorization. An expired
// token still gets the last packets of a session.
func (p *poller) authorized(r *http.Request, upgrades bool) bool {
	p.mu.Lock()
	owner := p.owner
	p.mu.Unlock()
	if owner == (identity.Identity{}) {
		return true // nobody has proven anything
	}
	if !hasToken(r) {
		return upgrades || p.identity == (identity.Identity{})
	}
	client, err := p.Guard.OfRequest(r)
	if err != nil {
		return p.authErr != nil || !p.isOpen()
	}
	return client.Player == owner.Player && client.Trusted == owner.Trusted
}

// hasToken reports whether a request has a proof of identity.
func hasToken(r *http.Request) bool {
	return r.URL.Query().Has("token") || r.Header.Get("Authorization") != ""
}

// post handles a POST. A malformed one ends the session.
func (p *poller) post(w http.ResponseWriter, r *http.Request) {
	if !p.beginPost() {
		p.refuseEngine(w, badRequest, "a session takes one POST at a time, and none after its upgrade")
		return
	}
	defer p.endPost()
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, p.maxBody()))
	if err != nil {
		p.badBody(w, r, err)
		return
	}
	ok := true
	p.receive(func() { ok = p.packets(r, body) })
	if !ok {
		p.refuseEngine(w, badRequest, "the body violates the protocol")
		return
	}
	_ = writeBody(w, "text/html", []byte("ok")) // the client may have gone: its next GET tells
}

// beginPost makes a POST the one that is handled. A second one ends the session, as the protocol demands.
func (p *poller) beginPost() bool {
	p.mu.Lock()
	again, upgraded := p.posting, p.upgraded
	p.posting = again || !upgraded
	p.mu.Unlock()
	if again && !upgraded {
		p.Close(closeProtocol, "a second POST before the answer to the first")
	}
	return !again && !upgraded
}

func (p *poller) endPost() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.posting = false
}

// badBody ends a session of which a body is too large or did not come.
func (p *poller) badBody(w http.ResponseWriter, r *http.Request, err error) {
	if _, ok := errors.AsType[*http.MaxBytesError](err); ok {
		p.tooLarge()
		p.Refuse(w, r, wire.Errorf(wire.CodeTooLarge, "the body must be at most %d bytes", p.maxBody()))
		return
	}
	p.cut()
	if stopping, ok := errors.AsType[*wire.Error](err); ok {
		p.Refuse(w, r, stopping)
		return
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		p.Refuse(w, r, wire.Errorf(wire.CodeBodyTimeout, "the body has not come in time"))
		return
	}
	p.refuseEngine(w, badRequest, "the body is incomplete")
}

func (p *poller) maxBody() int64 { return int64(maxBodies * p.maxPayload) }

func (p *poller) tooLarge() {
	if p.isOpen() {
		p.Dropped(dropTooLarge)
	}
	p.Close(closeTooLarge, "a packet is at most "+strconv.Itoa(p.maxPayload)+" bytes")
}

// packets handles the packets of a body, and reports whether they keep to the protocol.
func (p *poller) packets(r *http.Request, body []byte) bool {
	all, err := p.split(r, body)
	if err != "" {
		p.malformed(err)
		return false
	}
	for packet, err := range all {
		switch {
		case err != nil:
			p.malformed(err.Error())
		case len(packet.Data) > p.maxPayload: // the client in python would not hear of it by a status
			p.tooLarge()
		case packet.Binary:
			p.binary()
		default:
			p.text(packet.Data)
		}
		if !p.isOpen() {
			break
		}
	}
	return !p.violated
}

// split takes a body apart. Only Engine.IO 3 has binary ones.
func (p *poller) split(r *http.Request, body []byte) (all iter.Seq2[payload.Packet, error], problem string) {
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	isBinary := strings.EqualFold(strings.TrimSpace(kind), "application/octet-stream")
	switch {
	case p.version == 3 && isBinary:
		return payload.Split3Binary(body), ""
	case p.version == 3:
		return payload.Split3(body, p.wide), ""
	case isBinary:
		return nil, "Engine.IO 4 has no binary bodies"
	default:
		return payload.Split4(body), ""
	}
}
