package limits

import (
	"testing"
	"time"
)

// A lease is as long as the address's use in the period before, bounded, asked for once a period, and lost after two.
func TestLeaseOfAnAddress(t *testing.T) {
	l := newLeases(Rate{Tickets: 500, Per: time.Second})
	now := time.Now()
	ask := func(times int, address string) (spent, ahead int) {
		for range times {
			ok, more := l.spend(address, now)
			if ok {
				spent++
			}
			ahead += more
		}
		return spent, ahead
	}
	if spent, ahead := ask(10, "busy"); spent != 0 || ahead != 0 {
		t.Errorf("at first: %d spent, %d ahead", spent, ahead)
	}
	ask(1, "rare")
	now = now.Add(leaseFor)
	if spent, ahead := ask(3, "busy"); spent != 0 || ahead != 10 {
		t.Errorf("in the next period: %d spent, %d ahead", spent, ahead)
	}
	if spent, ahead := ask(3, "rare"); spent != 0 || ahead != 0 {
		t.Errorf("an address that asks rarely: %d spent, %d ahead", spent, ahead)
	}
	l.keep("busy", 10, now)
	if spent, _ := ask(7, "busy"); spent != 7 {
		t.Errorf("%d of 7 spent", spent)
	}
	now = now.Add(leaseFor)
	if spent, ahead := ask(100, "busy"); spent != 3 || ahead != 10 {
		t.Errorf("a period later: %d spent where 3 are left, %d ahead", spent, ahead)
	}
	l.keep("busy", 10, now)
	now = now.Add(leaseFor)
	if _, ahead := l.spend("other", now); ahead != 0 {
		t.Error("an address without use got a lease")
	}
	now = now.Add(leaseFor)
	if spent, ahead := ask(1, "busy"); spent != 0 || ahead != 0 {
		t.Errorf("two periods later: %d spent, %d ahead", spent, ahead)
	}
	busy := newLeases(Rate{Tickets: 1_000_000, Per: time.Second})
	for range 1000 {
		busy.spend("busy", now)
	}
	if _, ahead := busy.spend("busy", now.Add(leaseFor)); ahead != mostLeased {
		t.Errorf("a lease of %d", ahead)
	}
	if few := newLeases(Rate{Tickets: 10, Per: time.Second}); few.longest != 0 {
		t.Errorf("a lease of %d of 10 tickets", few.longest)
	}
}
