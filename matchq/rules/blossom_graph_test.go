package rules

func (b *blossom) isEdge(x, y int) bool {
	e := b.link[x][y]
	return e[0] != 0 && b.weight[e[0]][e[1]] > 0
}

// slack is how far the tightest edge between two nodes is from being tight.
func (b *blossom) slack(x, y int) int64 {
	e := b.link[x][y]
	return b.dual[e[0]] + b.dual[e[1]] - 2*b.weight[e[0]][e[1]]
}

func (b *blossom) tighten(u, x int) {
	if b.tightest[x] == 0 || b.slack(u, x) < b.slack(b.tightest[x], x) {
		b.tightest[x] = u
	}
}

func (b *blossom) findTightest(x int) {
	b.tightest[x] = 0
	for u := 1; u <= b.vertices; u++ {
		if b.isEdge(u, x) && b.root[u] != x && b.label[b.root[u]] == even {
			b.tighten(u, x)
		}
	}
}

// enqueue has the vertices of a node looked at.
func (b *blossom) enqueue(x int) {
	if x <= b.vertices {
		b.queue = append(b.queue, x)
		return
	}
	for _, inner := range b.cycle[x] {
		b.enqueue(inner)
	}
}

func (b *blossom) setRoot(x, root int) {
	b.root[x] = root
	if x > b.vertices {
		for _, inner := range b.cycle[x] {
			b.setRoot(inner, root)
		}
	}
}

// evenPath turns a blossom's cycle so that the path from its base to a node has an even number of edges; returns its end.
func (b *blossom) evenPath(x, inner int) int {
	cycle := b.cycle[x]
	at := 0
	for cycle[at] != inner {
		at++
	}
	if at%2 == 0 {
		return at
	}
	for i, j := 1, len(cycle)-1; i < j; i, j = i+1, j-1 {
		cycle[i], cycle[j] = cycle[j], cycle[i]
	}
	return len(cycle) - at
}

// match matches node x by its tightest edge to node y, inside blossoms too.
func (b *blossom) match(x, y int) {
	e := b.link[x][y]
	b.mate[x] = e[1]
	if x <= b.vertices {
		return
	}
	base := b.member[x][e[0]]
	end := b.evenPath(x, base)
	for i := range end {
		b.match(b.cycle[x][i], b.cycle[x][i^1])
	}
	b.match(base, y)
	b.cycle[x] = append(append([]int{}, b.cycle[x][end:]...), b.cycle[x][:end]...)
}

// flip matches along the alternating path from node x, whose new mate is node y, to the root of its tree.
func (b *blossom) flip(x, y int) {
	for {
		next := b.root[b.mate[x]]
		b.match(x, y)
		if next == 0 {
			return
		}
		b.match(next, b.root[b.parent[next]])
		x, y = b.root[b.parent[next]], next
	}
}

// meeting is the first node that is on the paths of both to their roots, 0 if they are in different trees.
func (b *blossom) meeting(x, y int) int {
	for b.visit++; x != 0 || y != 0; x, y = y, x {
		if x == 0 {
			continue
		}
		if b.visited[x] == b.visit {
			return x
		}
		b.visited[x] = b.visit
		if x = b.root[b.mate[x]]; x != 0 {
			x = b.root[b.parent[x]]
		}
	}
	return 0
}

// shrink makes a blossom of the cycle through nodes x and y and their meeting.
func (b *blossom) shrink(x, base, y int) {
	made := b.vertices + 1
	for made <= b.nodes && b.root[made] != 0 {
		made++
	}
	b.nodes = max(b.nodes, made)
	b.dual[made], b.label[made], b.mate[made] = 0, even, b.mate[base]
	cycle := []int{base}
	climb := func(from int) {
		for at := from; at != base; {
			up := b.root[b.mate[at]]
			cycle = append(cycle, at, up)
			b.enqueue(up)
			at = b.root[b.parent[up]]
		}
	}
	climb(x)
	for i, j := 1, len(cycle)-1; i < j; i, j = i+1, j-1 {
		cycle[i], cycle[j] = cycle[j], cycle[i]
	}
	climb(y)
	b.cycle[made] = cycle
	b.setRoot(made, made)
	for v := 1; v <= b.nodes; v++ {
		b.link[made][v], b.link[v][made] = [2]int{}, [2]int{}
	}
	clear(b.member[made])
	for _, inner := range cycle {
		for v := 1; v <= b.nodes; v++ {
			if b.isEdge(inner, v) && (!b.isEdge(made, v) || b.slack(inner, v) < b.slack(made, v)) {
				b.link[made][v], b.link[v][made] = b.link[inner][v], b.link[v][inner]
			}
		}
		for v := 1; v <= b.vertices; v++ {
			if b.member[inner][v] != 0 {
				b.member[made][v] = inner
			}
		}
	}
	b.findTightest(made)
}

// expand dissolves an odd blossom whose dual is 0.
func (b *blossom) expand(x int) {
	for _, inner := range b.cycle[x] {
		b.setRoot(inner, inner)
	}
	entry := b.member[x][b.link[x][b.parent[x]][0]]
	end := b.evenPath(x, entry)
	for i := 0; i < end; i += 2 {
		outer, inner := b.cycle[x][i], b.cycle[x][i+1]
		b.parent[outer] = b.link[inner][outer][0]
		b.label[outer], b.label[inner] = odd, even
		b.tightest[outer] = 0
		b.findTightest(inner)
		b.enqueue(inner)
	}
	b.label[entry], b.parent[entry] = odd, b.parent[x]
	for _, rest := range b.cycle[x][end+1:] {
		b.label[rest] = unlabelled
		b.findTightest(rest)
	}
	b.root[x] = 0
}

// use follows a tight edge from an even node; reports whether that made the matching larger.
func (b *blossom) use(e [2]int) bool {
	x, y := b.root[e[0]], b.root[e[1]]
	switch b.label[y] {
	case unlabelled:
		b.parent[y], b.label[y] = e[0], odd
		next := b.root[b.mate[y]]
		b.tightest[y], b.tightest[next] = 0, 0
		b.label[next] = even
		b.enqueue(next)
	case even:
		base := b.meeting(x, y)
		if base == 0 {
			b.flip(x, y)
			b.flip(y, x)
			return true
		}
		b.shrink(x, base, y)
	}
	return false
}
