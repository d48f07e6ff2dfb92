package ws

import (
	"encoding/json"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/sessions"
)

// plain is a plain WebSocket: a frame is an event.
type plain struct {
	conn
}

func (p *plain) opened(l *link) {
	p.link = l
	p.add(p)
	if p.authErr != nil { // after the upgrade, since browsers hide the reason of a failed one
		p.Close(sessions.CloseUnauthorized, p.authErr.Error())
		return
	}
	p.openSession(p.identity, p)
	p.workers.Do(p.bindProven)
}

func (p *plain) gone() {
	p.remove(p)
	p.closeSession()
}

// Send queues a frame.
func (p *plain) Send(event string, data json.RawMessage) {
	p.write(outFrame{Event: event, Data: data}.encode())
}

// Push queues a frame.
func (p *plain) Push(event, seq string, data json.RawMessage) {
	p.write(outFrame{Event: event, Seq: seq, Data: data}.encode())
}

// Close queues a close frame, after which the connection ends.
func (p *plain) Close(code int, reason string) { p.close(code, reason) }

func (p *plain) text(data []byte) {
	if drop, tell := p.limitFrames(); drop {
		if tell != nil {
			plainResponder{p, nil}.fail(tell)
		}
		return
	}
	var f frame
	var err error
	p.workers.Do(func() { f, err = parseFrame(data) })
	a := plainResponder{p, f.ID}
	if err != nil {
		a.fail(wire.Errorf(wire.CodeBadMessage, "%v", err))
		return
	}
	p.handle(a, *f.Event, f.Data)
}

func (p *plain) binary() {
	if drop, tell := p.limitFrames(); !drop {
		plainResponder{p, nil}.fail(wire.Errorf(wire.CodeBadMessage, "binary frames are not supported: send text"))
	} else if tell != nil {
		plainResponder{p, nil}.fail(tell)
	}
}

// plainResponder answers a frame. A frame without id gets no acknowledgement.
type plainResponder struct {
	*plain
	id json.RawMessage
}

func (a plainResponder) reply(event string, data json.RawMessage) { a.Send(event, data) }

func (a plainResponder) ack(data json.RawMessage) {
	if a.id != nil {
		a.write(outFrame{Event: "ack", ID: a.id, Data: data}.encode())
	}
}

func (a plainResponder) fail(f *wire.Error) {
	a.write(outFrame{Event: "error", ID: a.id, Data: errorPayload(f)}.encode())
}
