package rules

import (
	"math"
	"math/rand/v2"
	"testing"
)

// blossom finds a maximum-weight matching of any graph by the primal-dual method of Edmonds (1965) in the O(n³) form that
// Galil describes in "Efficient algorithms for finding maximum matching in graphs" (1986). Nodes are vertices, from 1 on,
// and above them blossoms: odd cycles that are treated as one node. Duals are doubled, to stay whole.
type blossom struct {
	vertices, nodes int
	weight          [][]int64  // between vertices; 0: no edge
	link            [][][2]int // between nodes: the vertices of the tightest edge
	dual            []int64
	mate            []int // of a node: the vertex outside that it is matched with
	root            []int // of a node: the outermost blossom around it; 0 for one that is not in use
	tightest        []int // of a node: the vertex of an even node with the tightest edge to it
	parent          []int // of an odd node: the vertex that reached it
	label           []int8
	cycle           [][]int // of a blossom: its nodes
	member          [][]int // of a blossom and a vertex: the node of its cycle that the vertex is in
	queue           []int
	visited         []int
	visit           int
}

const (
	unlabelled int8 = iota
	even
	odd
)

// maximumWeight returns the mate of each vertex, -1 for none. weights[i][j] counts for j < i; 0 or less is no edge.
func maximumWeight(weights [][]int64) []int {
	n := len(weights)
	all := 2*n + 2
	b := &blossom{
		vertices: n, nodes: n, dual: make([]int64, all), mate: make([]int, all), root: make([]int, all), tightest: make([]int, all),
		parent: make([]int, all), label: make([]int8, all), cycle: make([][]int, all), visited: make([]int, all),
	}
	var most int64
	for i := range all {
		b.weight = append(b.weight, make([]int64, n+1))
		b.link = append(b.link, make([][2]int, all))
		b.member = append(b.member, make([]int, n+1))
		if i == 0 || i > n {
			continue
		}
		b.root[i], b.member[i][i] = i, i
		for j := 1; j <= n; j++ {
			b.link[i][j] = [2]int{i, j}
			b.weight[i][j] = max(0, weights[max(i, j)-1][min(i, j)-1])
			most = max(most, b.weight[i][j])
		}
	}
	for i := 1; i <= n; i++ {
		b.dual[i] = most
	}
	for b.phase() {
	}
	mates := make([]int, n)
	for i := range mates {
		mates[i] = b.mate[i+1] - 1
	}
	return mates
}

// phase makes the matching larger by one; false if that would make its weight less.
func (b *blossom) phase() bool {
	b.queue = b.queue[:0]
	for x := 1; x <= b.nodes; x++ {
		b.label[x], b.tightest[x] = unlabelled, 0
		if b.root[x] == x && b.mate[x] == 0 {
			b.parent[x], b.label[x] = 0, even
			b.enqueue(x)
		}
	}
	if len(b.queue) == 0 {
		return false
	}
	for {
		if b.scan() {
			return true
		}
		done, larger := b.adjust()
		if larger || done {
			return larger
		}
	}
}

// scan follows all tight edges from even vertices.
func (b *blossom) scan() bool {
	for len(b.queue) > 0 {
		u := b.queue[0]
		b.queue = b.queue[1:]
		if b.label[b.root[u]] == odd {
			continue
		}
		for v := 1; v <= b.vertices; v++ {
			if b.weight[u][v] == 0 || b.root[u] == b.root[v] {
				continue
			}
			if b.slack(u, v) > 0 {
				b.tighten(u, b.root[v])
			} else if b.use(b.link[u][v]) {
				return true
			}
		}
	}
	return false
}

// adjust changes the duals until an edge becomes tight or a blossom can be dissolved. done says that no larger matching
// has more weight.
func (b *blossom) adjust() (done, larger bool) {
	delta := int64(math.MaxInt64)
	for x := b.vertices + 1; x <= b.nodes; x++ {
		if b.root[x] == x && b.label[x] == odd {
			delta = min(delta, b.dual[x]/2)
		}
	}
	for x := 1; x <= b.nodes; x++ {
		if b.root[x] != x || b.tightest[x] == 0 {
			continue
		}
		switch slack := b.slack(b.tightest[x], x); b.label[x] {
		case unlabelled:
			delta = min(delta, slack)
		case even:
			delta = min(delta, slack/2)
		}
	}
	for u := 1; u <= b.vertices; u++ {
		if b.label[b.root[u]] == even && b.dual[u] <= delta {
			return true, false
		}
	}
	b.shift(delta)
	b.queue = b.queue[:0]
	for x := 1; x <= b.nodes; x++ {
		t := b.tightest[x]
		if b.root[x] == x && t != 0 && b.root[t] != x && b.slack(t, x) == 0 && b.use(b.link[t][x]) {
			return false, true
		}
	}
	for x := b.vertices + 1; x <= b.nodes; x++ {
		if b.root[x] == x && b.label[x] == odd && b.dual[x] == 0 {
			b.expand(x)
		}
	}
	return false, false
}

func (b *blossom) shift(delta int64) {
	for u := 1; u <= b.vertices; u++ {
		switch b.label[b.root[u]] {
		case even:
			b.dual[u] -= delta
		case odd:
			b.dual[u] += delta
		}
	}
	for x := b.vertices + 1; x <= b.nodes; x++ {
		if b.root[x] != x {
			continue
		}
		switch b.label[x] {
		case even:
			b.dual[x] += 2 * delta
		case odd:
			b.dual[x] -= 2 * delta
		}
	}
}

// TestBlossom holds the matcher to trying everything.
func TestBlossom(t *testing.T) {
	random := rand.New(rand.NewPCG(3, 4))
	for round := range 4000 {
		n := 1 + random.IntN(11)
		if round%100 == 0 {
			n = 16
		}
		density, most := random.Float64(), 1+random.Int64N(30)
		weights := make([][]int64, n)
		for i := range weights {
			weights[i] = make([]int64, n)
			for j := range i {
				if random.Float64() < density {
					weights[i][j] = random.Int64N(most)
					weights[j][i] = weights[i][j]
				}
			}
		}
		var sum int64
		for i, j := range maximumWeight(weights) {
			if j > i {
				sum += weights[i][j]
			}
		}
		if want := heaviest(weights, 1<<n-1, map[int]int64{}); sum != want {
			t.Fatalf("round %d: the weight is %d, not %d: %v", round, sum, want, weights)
		}
	}
}

// heaviest tries everything among the vertices that are free.
func heaviest(weights [][]int64, free int, known map[int]int64) int64 {
	if free == 0 {
		return 0
	}
	if sum, found := known[free]; found {
		return sum
	}
	i := 0
	for free>>i&1 == 0 {
		i++
	}
	rest := free &^ (1 << i)
	best := heaviest(weights, rest, known)
	for j := i + 1; j < len(weights); j++ {
		if rest>>j&1 == 1 {
			best = max(best, weights[i][j]+heaviest(weights, rest&^(1<<j), known))
		}
	}
	known[free] = best
	return best
}
