package limits

import (
	"sync"
	"time"
)

const (
	leaseFor   = 100 * time.Millisecond
	leasePart  = 20 // of an address's tickets a period, at most one part is charged ahead
	mostLeased = 64
)

// leases are tickets of addresses that were charged ahead. An address that asks often is then charged once for some
// requests, and not once for each.
//
// No ticket passes that Redis has not counted before. A leased one passes up to 200 ms after it was counted, and is lost
// after that. So in a moment an address can pass its burst by a twentieth on each node, and its rate never.
type leases struct {
	mu      sync.Mutex
	recent  map[string]*lease // since began
	older   map[string]*lease // in the period before
	began   time.Time
	longest int // of a lease, in tickets; 0 for no leases
}

// lease counts the tickets that an address has and had in a period.
type lease struct {
	left  int
	used  int
	asked bool // once a period: a refused lease costs more than it saves
}

func newLeases(r Rate) *leases { return &leases{longest: min(r.Tickets/leasePart, mostLeased)} }

// spend takes a leased ticket of an address. Without any it returns how many to charge ahead; keep must follow if that is
// more than 0 and Redis agrees.
func (l *leases) spend(address string, now time.Time) (spent bool, ahead int) {
	if l.longest == 0 {
		return false, 0
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rotate(now)
	here, older := l.of(address), l.older[address]
	here.used++
	for _, from := range []*lease{older, here} {
		if from != nil && from.left > 0 {
			from.left--
			return true, 0
		}
	}
	if here.asked || older == nil || older.used < 2 {
		return false, 0
	}
	here.asked = true
	return false, min(older.used, l.longest)
}

// keep keeps tickets that were charged ahead.
func (l *leases) keep(address string, tickets int, now time.Time) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.rotate(now)
	l.of(address).left += tickets
}

// of is the lease of an address in this period.
func (l *leases) of(address string) *lease {
	here := l.recent[address]
	if here == nil {
		here = &lease{}
		l.recent[address] = here
	}
	return here
}

// rotate drops the leases of the period before the last one.
func (l *leases) rotate(now time.Time) {
	age := now.Sub(l.began)
	if age < leaseFor && l.recent != nil {
		return
	}
	if l.older = l.recent; age >= 2*leaseFor {
		l.older = nil
	}
	l.recent, l.began = map[string]*lease{}, now
}
