package history

import (
	"fmt"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

// Totals count what happened in a namespace since it came into being.
type Totals struct {
	Enqueued, Proposed, Matched, Cancelled, Expired int64 // tickets; Proposed are those that are now
	Matches                                         int64
}

// Minute is the record of a namespace in one minute of Redis's clock, by all nodes.
type Minute struct {
	Start       time.Time
	First, Last Totals            // of the first sample, and of the last
	MostWaiting int64             // the most tickets that waited, of all samples
	LongestWait time.Duration     // the longest of all samples, if Measured
	Measured    bool              // whether any node measured the longest wait
	Payloads    map[string]string // of each node, by its name
}

func decodeMinutes(r *space.Reply, starts []time.Time) ([]Minute, error) {
	r.Number() // now
	var minutes []Minute
	for _, start := range starts {
		if m, complete := parseMinute(start, r.Fields()); complete {
			minutes = append(minutes, m)
		}
	}
	return minutes, r.Err
}

// parseMinute reads the hash of a minute. complete is false if there are no totals: all samples may have come after the
// minute had ended.
func parseMinute(start time.Time, fields map[string]string) (m Minute, complete bool) {
	m = Minute{Start: start, Payloads: map[string]string{}}
	complete = scan(fields["first"], m.First.numbers()...) && scan(fields["last"], m.Last.numbers()...) &&
		scan(fields["most"], &m.MostWaiting)
	var longest int64
	m.Measured = scan(fields["longest"], &longest)
	m.LongestWait = time.Duration(longest) * time.Millisecond
	for field, payload := range fields {
		if node, ok := strings.CutPrefix(field, "node:"); ok {
			m.Payloads[node] = payload
		}
	}
	return m, complete
}

// numbers are the totals in the order in which they are stored.
func (t *Totals) numbers() []*int64 {
	return []*int64{&t.Enqueued, &t.Proposed, &t.Matched, &t.Cancelled, &t.Expired, &t.Matches}
}

// scan reads numbers from text and says whether all were there.
func scan(text string, numbers ...*int64) bool {
	into := make([]any, len(numbers))
	for i, number := range numbers {
		into[i] = number
	}
	n, err := fmt.Sscan(text, into...)
	return err == nil && n == len(numbers)
}
