package matchqtest

import (
	"iter"
	"testing"
	"time"
)

// Next returns the first event that the test waits for, such as one of Matcher.Watch, and ends the test if there is none
// within Patience, or an error comes first. A nil is takes any. It never sleeps.
func Next[E any](t testing.TB, events iter.Seq2[E, error], is func(E) bool) E {
	t.Helper()
	type result struct {
		event E
		err   error
	}
	found := make(chan result, 1)
	go func() {
		for event, err := range events {
			if err != nil || is == nil || is(event) {
				found <- result{event, err}
				return
			}
		}
	}()
	select {
	case r := <-found:
		if r.err != nil {
			t.Fatalf("instead of the event: %v", r.err)
		}
		return r.event
	case <-time.After(Patience):
		t.Fatalf("the event did not come within %v", Patience)
		panic("unreachable")
	}
}
