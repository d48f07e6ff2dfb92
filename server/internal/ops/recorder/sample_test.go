package recorder

import (
	"errors"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/store"
	"pgregory.net/rapid"
)

// A broken sketch gives no value that JSON can't encode.
func TestBrokenSketch(t *testing.T) {
	for _, bin := range []int{math.MaxInt32, math.MinInt32, 1 << 40} {
		broken, read := newSample(), newSample()
		broken.waits = sketch{ddsketch.NewDDSketchFromStoreProvider(broken.waits.IndexMapping, store.SparseStoreConstructor)}
		broken.waits.GetPositiveValueStore().Add(bin)
		if err := read.add(broken.encode()); err != nil && !errors.Is(err, errPayload) {
			t.Errorf("bin %d: %v", bin, err)
		}
		for _, share := range []float64{0, 0.5, 1} {
			if ms := read.waits.at(share); ms != nil && (math.IsInf(*ms, 0) || math.IsNaN(*ms)) {
				t.Errorf("bin %d tells %v", bin, *ms)
			}
		}
	}
}

// Merged samples of nodes give the percentiles of all durations, to two percent.
func TestPercentiles(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		all, together := []float64{}, newSample()
		for range rapid.IntRange(1, 4).Draw(t, "nodes") {
			node := newSample()
			for _, ms := range rapid.SliceOfN(rapid.IntRange(1, 600_000), 1, 200).Draw(t, "waits") {
				node.waits.add(time.Duration(ms) * time.Millisecond)
				all = append(all, float64(ms))
			}
			if err := together.add(node.encode()); err != nil {
				t.Fatal(err)
			}
		}
		slices.Sort(all)
		for _, share := range []float64{0, 0.5, 0.95, 0.99, 1} {
			want, got := all[int(share*float64(len(all)-1))], *together.waits.at(share)
			if math.Abs(got-want) > accuracy*want+0.001 {
				t.Fatalf("%v of %v lie below %v, not %v", share, all, want, got)
			}
		}
		if together.ticks.at(0.5) != nil {
			t.Fatal("there are calls that were never made")
		}
	})
}

func FuzzWords(f *testing.F) {
	s := newSample()
	s.waits.add(time.Second)
	s.ticks.add(time.Millisecond)
	for _, seed := range []string{"", "\x01", s.encode(), "\x01\x03abc\x00", s.encode()[:20], "\x02" + s.encode()[1:]} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, words string) {
		read := newSample()
		_ = read.add(words)
		for _, share := range []float64{0, 0.5, 1} {
			for _, one := range []sketch{read.waits, read.ticks} {
				if ms := one.at(share); ms != nil && (math.IsInf(*ms, 0) || math.IsNaN(*ms)) {
					t.Errorf("%q tells %v", words, *ms)
				}
			}
		}
	})
}
