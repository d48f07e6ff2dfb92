package matchqtest_test

import (
	"sync"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// An address that a test has, and on which nothing listens yet, or not any more, is no other test's.
func TestAddressesAreApart(t *testing.T) {
	const addrs = 400 // chosen among 5000: some twice, if nothing kept them apart
	var seen sync.Map
	var all sync.WaitGroup
	for range 4 {
		all.Go(func() {
			for range addrs / 4 {
				if addr := matchqtest.FreeAddr(t); addr != "" {
					if _, again := seen.LoadOrStore(addr, true); again {
						t.Errorf("%s is given to two", addr)
					}
				}
			}
		})
	}
	all.Wait()
}
