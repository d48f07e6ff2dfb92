package limits

import (
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Places bounds how many things that last an address may have at once on this node, so that nobody takes all
// connections. The zero value has no bound.
type Places struct {
	Most int // for an address, 0 for any number

	mu    sync.Mutex
	taken map[string]int
}

// Take takes a place, which leave gives back.
func (p *Places) Take(address string) (leave func(), err error) {
	if p.Most == 0 {
		return func() {}, nil
	}
	address = network(address)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[address] >= p.Most {
		f := wire.Errorf(wire.CodeRateLimited, "this address has more than %d requests or connections open; try again later", p.Most)
		f.RetryAfter = time.Second
		return nil, f
	}
	if p.taken == nil {
		p.taken = map[string]int{}
	}
	p.taken[address]++
	return func() { p.leave(address) }, nil
}

func (p *Places) leave(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[address]--; p.taken[address] == 0 {
		delete(p.taken, address)
	}
}
