package ws

import (
	"encoding/json"
	"slices"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/door/ws/packet"
)

// appNamespace is the namespace of the old apps.
const appNamespace = "/sunapp"

// Bounds of the pushes that are repeated to appNamespace if it is joined late.
const (
	maxRepeated      = 32
	maxRepeatedBytes = 64 << 10
	repeatFor        = time.Minute
)

// outlet is where the pushes of a Socket.IO client go. They wait for appNamespace for a while, since clients join /
// first or implicitly. Then they go to /, and again to appNamespace if it is joined later.
type outlet struct {
	send func(*packet.Packet)
	wait time.Duration // for appNamespace

	mu        sync.Mutex
	joined    []member
	closed    bool
	settled   bool        // pushes no longer wait for appNamespace
	welcoming bool        // pushes wait, because the client listens only after its welcome
	timer     *time.Timer // settles; nil until / is joined
	pending   []outPush   // that wait
	rooted    []outPush   // the newest that went to /
}

// member is the client in one namespace.
type member struct {
	name     string
	recovers bool // pushes have their seq as last argument
}

type outPush struct {
	event, seq string
	data       json.RawMessage
	at         time.Time // when it was sent to /
}

// join puts the client into a namespace and holds pushes back until welcome. It reports whether the outlet is open.
func (o *outlet) join(name string, recovers bool) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return false
	}
	o.welcoming = true
	o.joined = append(o.without(name), member{name, recovers})
	if o.timer == nil && !o.settled && name != appNamespace {
		o.timer = time.AfterFunc(o.wait, o.settle)
	}
	return true
}

// welcome sends the packet that lets the client into a namespace, and then the pushes that waited for it.
func (o *outlet) welcome(p *packet.Packet) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.closed {
		return
	}
	o.welcoming = false
	o.send(p)
	if p.Namespace == appNamespace {
		o.settled = true
		rooted := o.rooted
		o.rooted = nil
		for _, p := range rooted {
			if time.Since(p.at) < repeatFor {
				o.deliver(p)
			}
		}
	}
	o.release()
}

// settle has pushes go to / if appNamespace has not been joined.
func (o *outlet) settle() {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.timer == nil { // stopped too late
		return
	}
	o.settled = true
	o.release()
}

// release sends the pushes that waited, unless they must go on waiting.
func (o *outlet) release() {
	if o.welcoming || !o.settled || len(o.joined) == 0 {
		return
	}
	for _, p := range o.pending {
		o.deliver(p)
	}
	o.pending = nil
}

// push sends a push, or has it wait. A client in no namespace gets none.
func (o *outlet) push(p outPush) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.joined) == 0 {
		return
	}
	o.pending = append(o.pending, p)
	o.release()
}

func (o *outlet) deliver(p outPush) {
	to := o.mainMember()
	args := []json.RawMessage{orEmpty(p.data)}
	if to.recovers && p.seq != "" {
		args = append(args, quoted(p.seq))
	}
	o.send(packet.NewEvent(to.name, p.event, args...))
	if to.name == packet.Root {
		o.remember(p)
	}
}

// remember keeps a push that went to /.
func (o *outlet) remember(p outPush) {
	p.at = time.Now()
	o.rooted = append(o.rooted, p)
	size := 0
	for i, kept := range slices.Backward(o.rooted) {
		if size += len(kept.data); size > maxRepeatedBytes || len(o.rooted)-i > maxRepeated {
			o.rooted = slices.Clone(o.rooted[i+1:])
			return
		}
	}
}

// forget drops the pushes that the client's own recovery repeats.
func (o *outlet) forget() {
	o.mu.Lock()
	defer o.mu.Unlock()
	inMailbox := func(p outPush) bool { return p.seq != "" }
	o.pending, o.rooted = slices.DeleteFunc(o.pending, inMailbox), slices.DeleteFunc(o.rooted, inMailbox)
}

// leave takes the client out of a namespace and reports whether that was its last one.
func (o *outlet) leave(name string) (last bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	before := len(o.joined)
	o.joined = o.without(name)
	if before == 0 || len(o.joined) > 0 {
		return false
	}
	o.reset()
	return true
}

// reset forgets the messages for a client that has left.
func (o *outlet) reset() {
	if o.timer != nil {
		o.timer.Stop()
		o.timer = nil
	}
	o.settled, o.welcoming, o.pending, o.rooted = false, false, nil, nil
}

// close ends the outlet. It returns the main namespace, and all that the client was in.
func (o *outlet) close() (main string, all []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.closed = true
	for _, m := range o.joined {
		main, all = o.mainMember().name, append(all, m.name)
	}
	o.joined = nil
	o.reset()
	return main, all
}

// main is the namespace of pushes, "" if there is none.
func (o *outlet) main() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.joined) == 0 {
		return ""
	}
	return o.mainMember().name
}

func (o *outlet) has(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return slices.ContainsFunc(o.joined, func(m member) bool { return m.name == name })
}

// mainMember is appNamespace if it is joined, else /.
func (o *outlet) mainMember() member {
	for _, m := range o.joined {
		if m.name == appNamespace {
			return m
		}
	}
	return o.joined[0]
}

// without returns the namespaces but one.
func (o *outlet) without(name string) []member {
	return slices.DeleteFunc(slices.Clone(o.joined), func(m member) bool { return m.name == name })
}
