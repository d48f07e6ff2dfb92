// Package recorder keeps a day of minutes in Redis, which outlives the nodes.
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
	accuracy = 0.02 // relative error of percentiles
	maxBins  = 512  // of a sketch: from a microsecond to over ten minutes
	format   = 1    // version of an encoded sample
)

// sketch has percentiles of durations in milliseconds and can be merged (DDSketch by Masson, Rim and Lee, 2019).
type sketch struct{ *ddsketch.DDSketch }

func newSketch() sketch {
	made, err := ddsketch.LogCollapsingLowestDenseDDSketch(accuracy, maxBins)
	if err != nil {
		panic(err) // the arguments are constants
	}
	return sketch{made}
}

func (s sketch) add(d time.Duration) {
	_ = s.Add(max(0, d.Seconds()*1000)) // it refuses only values that are no durations
}

// at returns a percentile in milliseconds; nil for an empty sketch.
func (s sketch) at(share float64) *float64 {
	if s.IsEmpty() {
		return nil
	}
	ms, err := s.GetValueAtQuantile(share)
	if err != nil || math.IsInf(ms, 0) || math.IsNaN(ms) { // the stored sketch was corrupt
		return nil
	}
	ms = math.Round(ms*1000) / 1000
	return &ms
}

// sample is the part of a minute that one node has seen.
type sample struct {
	waits sketch // of matched tickets
	ticks sketch // tick calls
}

func newSample() sample { return sample{newSketch(), newSketch()} }

// encode encodes the sample: the format, then both sketches with their lengths; "" if both are empty.
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

var errPayload = errors.New("the sample of a minute can't be decoded")

// add merges another node's encoded sample.
func (s sample) add(words string) (err error) {
	defer func() {
		if recover() != nil { // corrupt sketches can panic, and stored data must not end a node
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

// boundedStore limits the size of a decoded sketch.
func boundedStore() store.Store { return store.NewCollapsingLowestDenseStore(maxBins) }
