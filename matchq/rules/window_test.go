package rules

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// bestNearby is the best quality of pairs at most k ranks apart.
func bestNearby(r *Rules, tickets []ticket, k int) float64 {
	sorted := slices.Clone(tickets)
	slices.SortFunc(sorted, func(a, b ticket) int { return cmp.Compare(*a.Rating, *b.Rating) })
	below, row := make([]float64, 1<<k), make([]float64, 1<<k)
	for i := len(sorted) - 2; i >= 0; i-- {
		for taken := range row {
			if row[taken] = below[taken>>1]; taken&1 == 1 {
				continue
			}
			for d := 1; d <= k && i+d < len(sorted); d++ {
				if bit := 1 << (d - 1); taken>>1&bit == 0 && r.permits(&sorted[i], &sorted[i+d]) {
					row[taken] = max(row[taken], r.quality(&sorted[i], &sorted[i+d])+below[taken>>1|bit])
				}
			}
		}
		below, row = row, below
	}
	return below[0]
}

// TestPairsNearbyAreTheBest: among tickets a few ranks apart, as many as the size of a call allows, no better pairs are
// possible. Many have met before, so that neighbours alone are not the best.
func TestPairsNearbyAreTheBest(t *testing.T) {
	t.Parallel()
	e, random := newEngine(t, matchqtest.Shared(t).Client), rand.New(rand.NewPCG(12, 13))
	r := decoded(t, `{"rules":[{"type":"distance","max":60,"expand":{"by":10,"every":"1s","to":200}},{"type":"avoid","last":8}]}`)
	complete, err := Complete(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ n, total, k int }{{32, 32, 6}, {64, 64, 5}, {100, 100, 4}, {128, 128, 4}, {128, 256, 3}, {128, 500, 2}} {
		for range 20 {
			tickets := someTickets(random, c.n, c.n)
			byRating := slices.Clone(tickets)
			slices.SortFunc(byRating, func(a, b ticket) int { return cmp.Compare(*a.Rating, *b.Rating) })
			place := map[string]int{}
			for at := range byRating {
				place[byRating[at].Player] = at
			}
			for i := range tickets { // they have met those who are near
				for n := range tickets[i].Recent {
					tickets[i].Recent[n] = byRating[min(c.n-1, place[tickets[i].Player]+1+random.IntN(6))].Player
				}
			}
			sum := 0.0
			for _, g := range e.groups(question{rules: r, tickets: tickets, total: c.total}) {
				sum += complete.quality(&tickets[g[0]], &tickets[g[1]])
			}
			if best := bestNearby(&complete, tickets, c.k); sum < best-1e-4*complete.scale() {
				t.Fatalf("%d of %d tickets: the quality is %v, not %v", c.n, c.total, sum, best)
			}
		}
	}
}
