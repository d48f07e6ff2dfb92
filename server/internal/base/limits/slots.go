package limits

import (
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Slots bounds how many things that last an address may have at once on this node, so that nobody takes all
// connections. The zero value has no bound.
type Slots struct {
	Max int // for an address, 0 for any number

	mu    sync.Mutex
	taken map[string]int
}

// Take takes a place, which leave gives back.
func (p *Slots) Take(address string) (leave func(), err error) {
	if p.Max == 0 {
		return func() {}, nil
	}
	address = addressKey(address)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[address] >= p.Max {
		f := wire.Errorf(wire.CodeRateLimited, "this address has more than %d requests or connections open; try again later", p.Max)
		f.RetryAfter = time.Second
		return nil, f
	}
	if p.taken == nil {
		p.taken = map[string]int{}
	}
	p.taken[address]++
	return func() { p.release(address) }, nil
}

func (p *Slots) release(address string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.taken[address]--; p.taken[address] == 0 {
		delete(p.taken, address)
	}
}
