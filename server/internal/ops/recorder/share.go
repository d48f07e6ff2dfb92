// Package history keeps what happened in the last day, by minutes, in Redis, so that it outlives the nodes that saw it.
package recorder

import (
	"encoding/binary"
	"errors"
	"math"
	"time"

	"github.com/DataDog/sketches-go/ddsketch"
	"github.com/DataDog/sketches-go/ddsketch/store"
)

const (
	accuracy = 0.02 // of percentiles, relative
	maxBins  = 512  // of a sketch: durations from a microsecond to ten minutes and more
	format   = 1    // of what a node says of a minute
)

// sketch tells percentiles of durations in milliseconds, and can be put together with others (DDSketch by Masson, Rim
// and Lee, 2019).
type sketch struct{ *ddsketch.DDSketch }

func newSketch() sketch {
	made, err := ddsketch.LogCollapsingLowestDenseDDSketch(accuracy, maxBins)
	if err != nil {
		panic(err) // the arguments are constants
	}
	return sketch{made}
}

func (s sketch) add(d time.Duration) {
	_ = s.Add(max(0, d.Seconds()*1000)) // what it refuses are no durations
}

// at is the duration in milliseconds below which a share of all lies; nil if there are none.
func (s sketch) at(share float64) *float64 {
	if s.IsEmpty() {
		return nil
	}
	ms, err := s.GetValueAtQuantile(share)
	if err != nil || math.IsInf(ms, 0) || math.IsNaN(ms) { // it was read from something broken
		return nil
	}
	ms = math.Round(ms*1000) / 1000
	return &ms
}

// sample is what one node has seen of a minute.
type sample struct {
	waits sketch // of tickets that were matched
	ticks sketch // calls that match
}

func newSample() sample { return sample{newSketch(), newSketch()} }

// encode are the share as it is kept: the format, and two sketches with their lengths before them; "" if there is nothing
// to say.
func (s sample) encode() string {
	if s.waits.IsEmpty() && s.ticks.IsEmpty() {
		return ""
	}
	words := []byte{format}
	for _, one := range []sketch{s.waits, s.ticks} {
		var bytes []byte
		one.Encode(&bytes, false)
		words = binary.AppendUvarint(words, uint64(len(bytes)))
		words = append(words, bytes...)
	}
	return string(words)
}

var errPayload = errors.New("what a node said of a minute can't be read")

// add puts what a node said with what others did.
func (s sample) add(words string) (err error) {
	defer func() {
		if recover() != nil { // sketches with bins out of all bounds panic, and what stands in Redis must end no node
			err = errPayload
		}
	}()
	if words == "" || words[0] != format {
		return errPayload
	}
	rest := []byte(words[1:])
	for _, into := range []sketch{s.waits, s.ticks} {
		n, size := binary.Uvarint(rest)
		if size <= 0 || n > uint64(len(rest)-size) {
			return errPayload
		}
		one, err := ddsketch.DecodeDDSketch(rest[size:size+int(n)], boundedStore, nil)
		if err != nil {
			return errPayload
		}
		if err := into.MergeWith(one); err != nil {
			return err
		}
		rest = rest[size+int(n):]
	}
	return nil
}

// boundedStore bounds what is read: it comes from outside of the process.
func boundedStore() store.Store { return store.NewCollapsingLowestDenseStore(maxBins) }
