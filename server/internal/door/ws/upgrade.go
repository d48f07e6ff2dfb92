package ws

import (
	"net/http"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// probe is a WebSocket that takes over a session that polls: the client tries it with 2probe, lets its polls end, and
// completes the upgrade with 5. From then on it is the session's.
type probe struct {
	session *poller
	link    *link
	asked   bool        // 2probe has come
	timer   *time.Timer // gives up; nil for a WebSocket that the session does not take
}

// upgrade upgrades a session's request. A session takes one WebSocket: others are closed at once.
func (s *Sockets) upgrade(w http.ResponseWriter, r *http.Request, p *poller) {
	if !s.enter() {
		s.Refuse(w, r, wire.StoppingError())
		return
	}
	s.websockets.serve(w, r, &probe{session: p}, s.ended.Done)
}

func (u *probe) opened(l *link) {
	u.link = l
	if !u.session.beginProbe(u) {
		l.close(closeProtocol, "the session has a WebSocket, or has ended")
		return
	}
	u.timer = time.AfterFunc(u.session.Times.Upgrade, u.giveUp)
}

// giveUp closes a WebSocket whose upgrade is not completed. The session goes on polling.
func (u *probe) giveUp() {
	if u.session.endProbe(u) {
		u.link.close(closeProtocol, "the upgrade was not completed")
	}
}

// awaitSwitch gives the client a moment to complete the upgrade of a session that has ended. Once the probe was answered it
// waits for the end of its poll and polls no more, so that it would not notice an end of the WebSocket before.
func (u *probe) awaitSwitch() { u.timer.Reset(u.session.Times.Close) }

func (u *probe) text(data []byte) {
	if u.session.isUpgradedTo(u) {
		u.session.receive(func() { u.session.text(data) })
		return
	}
	switch string(data) {
	case "2probe":
		u.asked = true
		u.link.write([]byte("3probe"))
		u.session.answeredProbe()
		return
	case "5":
		if u.asked && u.session.completeUpgrade(u) {
			u.timer.Stop()
			u.session.begin()
			u.link.handOver(u.session.link, u.session.takeFrame)
			return
		}
	}
	u.giveUp()
}

func (u *probe) binary() {
	if !u.session.isUpgradedTo(u) {
		u.giveUp()
		return
	}
	u.session.receive(u.session.binary)
}

func (u *probe) goodbye() {
	if u.session.isUpgradedTo(u) {
		u.session.receive(u.session.goodbye)
	}
}

func (u *probe) gone() {
	if u.timer != nil {
		u.timer.Stop()
	}
	if u.session.isUpgradedTo(u) {
		u.session.cut()
		return
	}
	u.session.endProbe(u)
}

// beginProbe reports whether the session takes a WebSocket.
func (p *poller) beginProbe(u *probe) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.probe != nil || p.over {
		return false
	}
	p.probe = u
	return true
}

// endProbe forgets a WebSocket, unless the upgrade is complete. It reports whether it did.
func (p *poller) endProbe(u *probe) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.probe != u || p.upgraded {
		return false
	}
	p.probe, p.probed = nil, false
	return true
}

// answeredProbe has the poll that waits end soon, so that the client can complete the upgrade.
func (p *poller) answeredProbe() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.probed = true
	p.wake()
}

// completeUpgrade ends the polling, unless the session has ended or its end waits for a poll.
func (p *poller) completeUpgrade(u *probe) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.probe != u || p.over || p.lastPacket != nil {
		return false
	}
	p.upgraded = true
	p.wake()
	return true
}

func (p *poller) isUpgradedTo(u *probe) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.upgraded && p.probe == u
}
