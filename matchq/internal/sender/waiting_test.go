package sender

import (
	"fmt"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq/internal/testkit"
)

type testRow struct{ number int }

type testPending = Pending[testRow, int]

// line is a waiting line whose batches the test sends and lands.
type line struct {
	waiting waiting[testRow, int]
	flights []*flight[testRow, int]
	added   []*testPending
	sent    map[int]bool
	calls   uint64
}

func (l *line) add(t *rapid.T) {
	l.calls++
	call := l.calls
	if rapid.Bool().Draw(t, "alone") {
		call = 0
	}
	for range rapid.IntRange(1, 12).Draw(t, "rows") {
		p := &testPending{Row: testRow{len(l.added)}, call: call, answer: make(chan int, 1)}
		p.key = Key{
			Queue:  fmt.Sprintf("q%d", rapid.IntRange(0, 3).Draw(t, "queue")),
			Player: fmt.Sprintf("p%d", rapid.IntRange(0, 9).Draw(t, "player")),
			ID:     rapid.SampledFrom([]string{"", "", "", "x", "y"}).Draw(t, "id"),
		}
		p.hash = uint64(p.key.Queue[1])
		if l.waiting.add(20, p) {
			l.added = append(l.added, p)
		}
	}
}

func (l *line) takeBack(t *rapid.T) {
	waits := slices.DeleteFunc(slices.Clone(l.added), func(p *testPending) bool { return p.taken })
	if len(waits) > 0 {
		p := rapid.SampledFrom(waits).Draw(t, "back")
		l.waiting.claim(p)
	}
}

// take lets a batch leave and checks the promises to callers.
func (l *line) take(t *rapid.T) {
	if len(l.flights) == maxFlights {
		l.land(t)
	}
	before := slices.DeleteFunc(slices.Clone(l.added), func(p *testPending) bool { return p.taken })
	batch := l.waiting.take(rapid.IntRange(1, 8).Draw(t, "limit"), l.flights)
	if len(batch) == 0 && len(l.flights) == 0 && len(before) > 0 {
		t.Fatalf("%d rows wait, none is under way, and none was taken", len(before))
	}
	for i, p := range batch {
		if l.sent[p.Row.number] {
			t.Fatalf("row %d is sent twice", p.Row.number)
		}
		l.sent[p.Row.number] = true
		for _, other := range batch[:i] {
			if same(p, other) {
				t.Fatalf("rows %d and %d are in one batch", other.Row.number, p.Row.number)
			}
			if p.call != 0 && p.call == other.call && p.key.Queue == other.key.Queue && p.Row.number < other.Row.number {
				t.Fatalf("row %d of a call overtook row %d of its queue", other.Row.number, p.Row.number)
			}
		}
		for _, f := range l.flights {
			for _, other := range f.batch {
				if same(p, other) || p.call != 0 && p.call == other.call && p.key.Queue == other.key.Queue {
					t.Fatalf("rows %d and %d are under way at once", other.Row.number, p.Row.number)
				}
			}
		}
		for _, other := range before {
			if other.Row.number < p.Row.number && !slices.Contains(batch, other) && same(p, other) {
				t.Fatalf("row %d overtook row %d of the same player or id", p.Row.number, other.Row.number)
			}
		}
	}
	if len(batch) > 0 {
		l.flights = append(l.flights, &flight[testRow, int]{batch: batch})
	}
}

// same says whether the answer to one row depends on the other.
func same(a, b *testPending) bool {
	return a.key.Player == b.key.Player || a.key.ID != "" && a.key.ID == b.key.ID
}

func (l *line) land(t *rapid.T) {
	if len(l.flights) > 0 {
		i := rapid.IntRange(0, len(l.flights)-1).Draw(t, "lands")
		l.waiting.landed(l.flights[i].batch...)
		l.flights = slices.Delete(l.flights, i, i+1)
	}
}

// Whatever comes, leaves, is taken back and lands in whatever order: each row leaves once, none overtakes one that its
// answer depends on, and two that depend on each other are never under way at once.
func TestBatchesKeepTheirPromises(t *testing.T) {
	testkit.Checks(t, 500)
	rapid.Check(t, func(t *rapid.T) {
		l := &line{sent: map[int]bool{}}
		l.waiting.players, l.waiting.ids = map[string]struct{}{}, map[string]struct{}{}
		steps := map[string]func(*rapid.T){"add": l.add, "take back": l.takeBack, "take": l.take, "land": l.land}
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			steps[rapid.SampledFrom([]string{"add", "take back", "take", "take", "land"}).Draw(t, "step")](t)
		}
		for !l.waiting.empty() {
			l.take(t)
			l.land(t)
		}
		for len(l.flights) > 0 {
			l.land(t)
		}
		for _, p := range l.added {
			if !p.taken {
				t.Fatalf("row %d never left", p.Row.number)
			}
		}
		if l.waiting.count != 0 {
			t.Fatalf("%d rows are counted where none wait", l.waiting.count)
		}
		if len(l.waiting.players)+len(l.waiting.ids) > 0 {
			t.Fatalf("players %v and ids %v are held for ever", l.waiting.players, l.waiting.ids)
		}
	})
}

// A large batch leaves rows to the next one, so that both are even. Few rows go together, and so do those of one call.
func TestBatchesAreEven(t *testing.T) {
	for _, c := range []struct {
		rows, flying, want int
		call               uint64
	}{
		{rows: 64, want: 32}, {rows: 63, flying: 1, want: 32}, {rows: 48, flying: 16, want: 32}, {rows: 32, flying: 32, want: 32},
		{rows: 20, flying: 100, want: 20}, {rows: 9, want: 8}, {rows: 7, want: 7}, {rows: 744, flying: 124, want: 124},
		{rows: 129, want: 65}, {rows: 80, want: 80, call: 1},
	} {
		l := &line{}
		l.waiting.players, l.waiting.ids = map[string]struct{}{}, map[string]struct{}{}
		for i := range c.rows {
			l.waiting.rows = append(l.waiting.rows, &testPending{key: Key{Queue: "q", Player: fmt.Sprint(i)}, call: c.call})
		}
		if c.flying > 0 {
			l.flights = append(l.flights, &flight[testRow, int]{batch: make([]*testPending, c.flying)})
		}
		if got := len(l.waiting.take(MaxRows, l.flights)); got != c.want {
			t.Errorf("%d rows beside %d under way: a batch of %d, want %d", c.rows, c.flying, got, c.want)
		}
	}
}
