package rules

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
)

const (
	windowMS = 5000
	ttlMS    = 60_000
)

// arrival is a player who queues at some time.
type arrival struct {
	at         int64 // ms
	player     int
	rating     float64
	attributes map[string]any
}

// arrivals are those of players who come back as soon as they are free; ratings have a σ of 300.
func arrivals(random *rand.Rand, n, players int, perSecond float64) []arrival {
	ratings := make([]float64, players)
	for i := range ratings {
		ratings[i] = math.Round(1500 + 300*random.NormFloat64())
	}
	trace, at := make([]arrival, n), 0.0
	for i := range trace {
		at += random.ExpFloat64() / perSecond * 1000
		player := i
		if players < n {
			player = random.IntN(players)
		}
		trace[i] = arrival{at: int64(at), player: player, rating: ratings[player]}
	}
	return trace
}

// result is the outcome of a trace.
type result struct {
	gaps, waits       []float64 // of matches, of matched tickets (s)
	expired, matches  int
	met               [][]arrival
	rematches, queued int
	costs             map[int64]float64 // of a ticket, by its arrival: half of the gap + 4 × its waiting (s)
}

// add adds another trace's.
func (r *result) add(other result) {
	r.gaps, r.waits = append(r.gaps, other.gaps...), append(r.waits, other.waits...)
	r.expired, r.matches = r.expired+other.expired, r.matches+other.matches
	r.rematches, r.queued = r.rematches+other.rematches, r.queued+other.queued
}

// unmatchedCost is the price of a ticket that expires: its waiting, and half of the widest gap.
const unmatchedCost = 4*ttlMS/1000 + 300

// grouper groups a batch: lists of positions.
type grouper func(tickets []ticket) [][]int

// simulate runs a trace with the usual windows and time to live.
func simulate(trace []arrival, group grouper) result {
	return simulateFor(trace, windowMS, ttlMS, group)
}

// simulateFor runs the windows of a trace. A player who still waits, when the trace has them queue again, does not.
func simulateFor(trace []arrival, windowMS, ttlMS int64, group grouper) result {
	r := result{costs: map[int64]float64{}}
	var waiting []arrival
	recent, queued := map[int][]string{}, map[int]bool{}
	for next, now := 0, windowMS; next < len(trace) || len(waiting) > 0; now += windowMS {
		for ; next < len(trace) && trace[next].at < now; next++ {
			if a := trace[next]; !queued[a.player] {
				queued[a.player] = true
				waiting = append(waiting, a)
				r.queued++
			}
		}
		waiting = slices.DeleteFunc(waiting, func(a arrival) bool {
			late := now-a.at >= ttlMS
			if late {
				r.expired++
				r.costs[a.at] += unmatchedCost
				delete(queued, a.player)
			}
			return late
		})
		matched := map[int]bool{}
		for first := 0; first < len(waiting); first += 128 {
			batch := waiting[first:min(first+128, len(waiting))]
			for _, members := range group(asTickets(batch, recent, now)) {
				var met []arrival
				for _, at := range members {
					met = append(met, batch[at])
					matched[first+at] = true
					delete(queued, batch[at].player)
				}
				r.match(met, recent, now)
			}
		}
		var left []arrival
		for i, a := range waiting {
			if !matched[i] {
				left = append(left, a)
			}
		}
		waiting = left
	}
	return r
}

func asTickets(batch []arrival, recent map[int][]string, now int64) []ticket {
	tickets := make([]ticket, len(batch))
	for i, a := range batch {
		tickets[i] = rated(fmt.Sprint(a.player), a.rating, now-a.at)
		tickets[i].Recent, tickets[i].Attributes = recent[a.player], a.attributes
	}
	return tickets
}

// match notes a match. recent has the latest opponents of each player, the newest first.
func (r *result) match(met []arrival, recent map[int][]string, now int64) {
	low, high, again := math.Inf(1), math.Inf(-1), false
	for _, a := range met {
		low, high = min(low, a.rating), max(high, a.rating)
	}
	for _, a := range met {
		waited := float64(now-a.at) / 1000
		r.waits = append(r.waits, waited)
		r.costs[a.at] += (high-low)/2 + 4*waited
		for _, b := range met {
			if name := fmt.Sprint(b.player); a.player != b.player {
				before := recent[a.player]
				again = again || slices.Contains(before[:min(3, len(before))], name)
				recent[a.player] = append([]string{name}, before[:min(7, len(before))]...)
			}
		}
	}
	r.matches++
	r.gaps, r.met = append(r.gaps, high-low), append(r.met, met)
	if again {
		r.rematches++
	}
}

func mean(values []float64) float64 {
	sum := 0.0
	for _, v := range values {
		sum += v
	}
	return sum / max(1, float64(len(values)))
}

// quantile is the q-th part of values: 0.5 is the median.
func quantile(values []float64, q float64) float64 {
	if len(values) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(values))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}

// by groups by the scripts.
func (e *engine) by(r Rules) grouper {
	return func(tickets []ticket) [][]int { return e.groups(question{rules: r, tickets: tickets}) }
}

// inOrder groups first come, first served.
func inOrder(tickets []ticket) (pairs [][]int) {
	for i := 1; i < len(tickets); i += 2 {
		pairs = append(pairs, []int{i - 1, i})
	}
	return pairs
}

// greedily gives each ticket, the oldest first, the first or the nearest one that the rules permit.
func greedily(r Rules, nearest bool) grouper {
	return func(tickets []ticket) (pairs [][]int) {
		taken := make([]bool, len(tickets))
		for i := range tickets {
			best := -1
			for j := i + 1; j < len(tickets) && !taken[i] && (best < 0 || nearest); j++ {
				closer := best < 0 || math.Abs(*tickets[i].Rating-*tickets[j].Rating) < math.Abs(*tickets[i].Rating-*tickets[best].Rating)
				if !taken[j] && closer && r.permits(&tickets[i], &tickets[j]) {
					best = j
				}
			}
			if best >= 0 {
				taken[i], taken[best] = true, true
				pairs = append(pairs, []int{i, best})
			}
		}
		return pairs
	}
}

// exactly groups by the blossom matcher: the most matches, and of those the best.
func exactly(r Rules) grouper {
	return func(tickets []ticket) (pairs [][]int) {
		weights := make([][]int64, len(tickets))
		for i := range tickets {
			weights[i] = make([]int64, len(tickets))
			for j := range tickets {
				if i != j && r.permits(&tickets[i], &tickets[j]) {
					weights[i][j] = 1_000_000 + int64(100*r.quality(&tickets[i], &tickets[j]))
				}
			}
		}
		for i, j := range maximumWeight(weights) {
			if j > i {
				pairs = append(pairs, []int{i, j})
			}
		}
		return pairs
	}
}

// clairvoyant is the costs of a matcher that knows the trace beforehand, with the same windows.
func clairvoyant(trace []arrival) map[int64]float64 {
	weights, costs := make([][]int64, len(trace)), map[int64]float64{}
	window := func(a, b arrival) int64 { return (max(a.at, b.at)/windowMS + 1) * windowMS }
	of := func(a, b arrival) float64 {
		return math.Abs(a.rating-b.rating)/2 + 4*float64(window(a, b)-a.at)/1000
	}
	for i, a := range trace {
		weights[i] = make([]int64, len(trace))
		for j, b := range trace {
			if i != j && window(a, b)-min(a.at, b.at) < ttlMS {
				weights[i][j] = max(0, int64(1000*(2*unmatchedCost-of(a, b)-of(b, a))))
			}
		}
	}
	for i, j := range maximumWeight(weights) {
		costs[trace[i].at] += unmatchedCost
		if j >= 0 {
			costs[trace[i].at] += of(trace[i], trace[j]) - unmatchedCost
		}
	}
	return costs
}

func (r *result) String() string {
	return fmt.Sprintf("%6.1f | %5.0f | %.1f / %.1f / %.1f | %.2f %% | %.2f %%", mean(r.gaps), quantile(r.gaps, .95),
		quantile(r.waits, .5), quantile(r.waits, .95), quantile(r.waits, .99), 100*float64(r.expired)/float64(r.queued), 100*float64(r.rematches)/float64(r.matches))
}
