package ws

import (
	"net/http"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/door/ws/payload"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

const (
	// maxPackets is how many packets a poll is answered with. The client in python refuses more.
	maxPackets = 16
	// noopAfter is how long a poll may go on beside a probe. The client completes its upgrade once the poll has ended; if it
	// were ended at once, clients that have not got the probe's answer yet would poll again and again.
	noopAfter = 50 * time.Millisecond
)

// poller is a Socket.IO session that polls: GETs take its frames, POSTs bring its packets. It is the socket of its link
// until an upgrade. While no request is there it has no goroutine.
type poller struct {
	*socketIO
	sid   string // secret, since it lets requests into the session
	wide  bool   // see payload.Split3
	leave func() // called in the end

	back      sync.Once  // the client has come back after the handshake
	receiving sync.Mutex // held while the client's packets, or the end, are handled

	// mu comes after link.mu.
	mu         sync.Mutex
	owner      identity.Identity
	frame      []byte        // of the link, for the next poll
	waiting    chan struct{} // wakes the poll that waits; nil without one
	posting    bool          // a POST is being handled
	lastPacket []byte        // that ends the session
	answered   bool          // the poll that waits has packets to answer with
	told       bool          // a poll took packets of a session that is closing
	probe      *probe        // a WebSocket that may take over
	probed     bool          // the probe was answered
	upgraded   bool
	over       bool
}

// send takes a frame for the next poll.
func (p *poller) send(frame []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.frame = frame
	p.wake()
}

// wake wakes the poll that waits. The caller holds mu.
func (p *poller) wake() {
	select {
	case p.waiting <- struct{}{}:
	default: // it is awake, or there is none
	}
}

// takeFrame takes the frame that the link has handed over; nil for none.
func (p *poller) takeFrame() []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	frame := p.frame
	p.frame = nil
	p.answered = p.answered || frame != nil
	return frame
}

// staysAway reports whether a client should not come back by itself after a close code. Only such a client gets a close
// packet, as after a violation of the protocol: one in python never comes back after it. Others learn from their next GET that
// the session has ended.
func staysAway(code int) bool {
	return code == sessions.CloseReplaced || code == sessions.CloseUnauthorized || code == closeProtocol
}

// sendClose ends the session by the poll that waits. Without one it ends at once, unless the client must still be told why or
// to stay away, or has closed the session itself: a poll may have been overtaken by the POST that did.
func (p *poller) sendClose(code int, reason string) bool {
	last := []byte{engineNoop}
	if staysAway(code) {
		last[0] = engineClose
	}
	if namespace := p.outlet.main(); namespace != "" && code == sessions.CloseOverload { // link has dropped all frames
		last = frameOf(endError(namespace, wire.CodeOverloaded, reason))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.upgraded { // just now: this error comes too late
		return false
	}
	p.lastPacket = last
	p.wake()
	waits := p.waiting != nil
	switch {
	case staysAway(code):
		return waits || p.told
	case code == sessions.CloseOverload, code == closeNormal:
		return true
	default:
		return waits && !p.answered
	}
}

// cut ends the session.
func (p *poller) cut() {
	p.pollers.Delete(p.sid) // first: who is told of the end finds no session any more
	p.mu.Lock()
	again := p.over
	p.over = true
	probe, switches := p.probe, p.probed && !p.upgraded
	p.wake()
	p.mu.Unlock()
	if again {
		return
	}
	switch {
	case probe == nil:
	case switches:
		probe.awaitSwitch()
	default:
		probe.link.abort()
	}
	go func() {
		defer p.leave()
		defer p.websockets.recovered()
		p.receiving.Lock()
		defer p.receiving.Unlock()
		p.drop()
		p.gone()
	}()
}

// cutUnpolled ends the session, unless a poll waits and can tell the client of it.
func (p *poller) cutUnpolled() {
	p.mu.Lock()
	waits := p.waiting != nil || p.upgraded
	p.mu.Unlock()
	if !waits {
		p.cut()
	}
}

// begin is called by all requests after the handshake. Clients of Engine.IO 3 are in / from then on: one that only tries
// polling costs little.
func (p *poller) begin() {
	p.back.Do(func() { p.receive(func() { p.layer.begin(p.socketIO) }) })
}

// receive handles packets of the client, unless the session has ended.
func (p *poller) receive(handle func()) {
	p.receiving.Lock()
	defer p.receiving.Unlock()
	if p.isOpen() {
		handle()
	}
}

// setOwner names the client that has proven to own the session.
func (p *poller) setOwner(client identity.Identity) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.owner = client
}

// poll answers a GET, as soon as there are packets for the client.
func (p *poller) poll(w http.ResponseWriter, r *http.Request) {
	awake, ok := p.beginPoll()
	if !ok {
		p.refuseEngine(w, badRequest, "a session takes one GET at a time, and none after its upgrade")
		return
	}
	var noop <-chan time.Time
	for {
		next := p.next()
		if next.ready {
			p.answer(w, next)
			return
		}
		if next.probed && noop == nil {
			noop = time.After(noopAfter)
		}
		select {
		case <-awake:
		case <-noop:
			p.endPoll()
			p.answer(w, pollAnswer{packets: [][]byte{{engineNoop}}})
			return
		case <-r.Context().Done(): // the data sent to the client may be lost
			p.breakOff()
			return
		}
	}
}

// beginPoll makes a GET the one that waits. A second one ends the session, as the protocol demands.
func (p *poller) beginPoll() (awake <-chan struct{}, ok bool) {
	p.mu.Lock()
	again := p.waiting != nil
	if !again && !p.upgraded {
		p.waiting, p.answered = make(chan struct{}, 1), false
		awake = p.waiting
	}
	p.mu.Unlock()
	if again {
		p.Close(closeProtocol, "a second GET while one waits")
	}
	return awake, awake != nil
}

func (p *poller) endPoll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.waiting = nil
}

// breakOff ends a session whose poll has ended without an answer.
func (p *poller) breakOff() {
	p.mu.Lock()
	p.waiting = nil
	upgraded := p.upgraded
	p.mu.Unlock()
	if !upgraded {
		p.cut()
	}
}

// pollAnswer is the answer to a poll.
type pollAnswer struct {
	packets [][]byte
	ready   bool // else the poll waits
	ends    bool // the session
	refused bool
	probed  bool // a probe waits for the poll's end
}

// next takes what waits for the client, and decides about the poll. The end of a session comes alone: client 4 handles it
// before the packets that come with it, and its app would not hear why.
func (p *poller) next() pollAnswer {
	var a pollAnswer
	for len(a.packets) < maxPackets {
		frame := p.takeFrame()
		if frame == nil {
			break
		}
		a.packets = append(a.packets, frame)
		p.sent()
	}
	open := p.isOpen()
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case len(a.packets) > 0:
		p.told = !open
	case p.frame != nil: // it came just now, with a wake-up
		return a
	case p.lastPacket != nil:
		a.packets, a.ends = [][]byte{p.lastPacket}, true
	case p.over:
		a.packets, a.ends = [][]byte{{engineNoop}}, true
	case p.upgraded:
		a.refused = true
	default:
		a.probed = p.probed
		return a
	}
	a.ready = true
	p.waiting = nil
	return a
}

// answer answers a poll.
func (p *poller) answer(w http.ResponseWriter, a pollAnswer) {
	if a.refused {
		p.refuseEngine(w, badRequest, "the session has been upgraded")
		return
	}
	join := payload.Join4
	if p.version == 3 {
		join = payload.Join3
	}
	err := writeBody(w, "text/plain; charset=UTF-8", join(a.packets))
	if a.ends || err != nil {
		p.cut()
	}
}
