package limits

import (
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Slots limits the connections or waiting requests of an address on this node, so that no address takes all of them.
// The zero value has no limit.
type Slots struct {
	Max int // for an address; 0 for no limit

	mu    sync.Mutex
	taken map[string]int
}

// Take takes a slot. release gives it back.
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
