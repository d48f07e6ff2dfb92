package processes_test

import (
	"sync"

	"github.com/matchq/matchq/matchq"
)

// lonePlayer waits in a queue of their own: nobody comes, and only a loss ends that.
type lonePlayer struct {
	visitor

	mu     sync.Mutex
	ticket string
	must   *wait // Redis does not have the ticket, so that the player must be told
}

// lookUp looks after a fault whether Redis has the ticket.
func (p *lonePlayer) lookUp() {
	p.mu.Lock()
	ticket := p.ticket
	p.mu.Unlock()
	if ticket == "" {
		return
	}
	for p.c.going() {
		states, err := p.c.matcher.States(p.c.ctx, ticket)
		if err != nil {
			p.c.pause()
			continue
		}
		p.mu.Lock()
		if p.ticket == ticket && states[0] != matchq.Waiting {
			p.must = p.c.wait(p.name + " waits in vain with " + ticket + ", which is " + string(states[0]))
			p.must.began = p.c.calm.Add(-1)
		}
		p.mu.Unlock()
		return
	}
}

// stays waits, and waits again after a loss.
func (p *lonePlayer) stays() {
	defer p.leave()
	for p.c.going() {
		p.c.pause()
		if p.conn != nil || p.enter() {
			p.waitAlone()
		}
	}
}

func (p *lonePlayer) waitAlone() {
	r := &request{visitor: &p.visitor, queue: "alone-" + p.name}
	r.create()
	for {
		f, sound := p.hearIn(func() *wait {
			p.mu.Lock()
			defer p.mu.Unlock()
			return p.must
		})
		over := sound == nothing
		switch {
		case over:
		case sound == broken:
			r.comeBack()
		case f.Event == "error":
			p.c.pause()
			r.create()
		case f.Event == "resumed" && !f.Data.Recovered:
			r.create()
		case f.Event == "match_status":
			over = r.over(f)
		}
		p.mu.Lock()
		p.ticket = r.ticket
		if over {
			p.ticket = ""
			if p.must != nil {
				p.must.end()
			}
			p.must = nil
		}
		p.mu.Unlock()
		if over {
			return
		}
	}
}
