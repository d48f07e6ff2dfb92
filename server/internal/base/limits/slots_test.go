package limits_test

import (
	"testing"

	"github.com/matchq/matchq/server/internal/base/limits"
)

func TestPlaces(t *testing.T) {
	p := limits.Slots{Max: 2}
	var leave []func()
	for _, address := range []string{"192.0.2.1", "192.0.2.1", "192.0.2.2", "2001:db8::1", "2001:db8::2"} {
		l, err := p.Take(address)
		if err != nil {
			t.Fatalf("%s: %v", address, err)
		}
		leave = append(leave, l)
	}
	for _, address := range []string{"192.0.2.1", "2001:db8::3"} { // an IPv6 network counts as one
		if _, err := p.Take(address); err == nil {
			t.Errorf("%s took a third place", address)
		}
	}
	for _, l := range leave {
		l()
	}
	if _, err := p.Take("192.0.2.1"); err != nil {
		t.Errorf("the places were given back: %v", err)
	}
}
