package history_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// newMatcher makes a matcher in the test's namespace.
func newMatcher(t *testing.T, env *matchqtest.Env) *matchq.Matcher {
	t.Helper()
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// record records a sample in the current minute of Redis's clock.
func record(t *testing.T, m *matchq.Matcher, s history.Sample) history.Recorded {
	t.Helper()
	stats, err := m.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Start = stats.At
	h := history.New(m)
	recorded, err := h.Record(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	if !recorded.Taken { // a new minute has begun
		s.Start = recorded.Now
		if recorded, err = h.Record(t.Context(), s); err != nil || !recorded.Taken {
			t.Fatalf("recorded: %+v, %v", recorded, err)
		}
	}
	return recorded
}

// inOneMinute runs a test on all backends, and repeats it in another namespace if a minute ended meanwhile.
func inOneMinute(t *testing.T, test func(t *testing.T, m *matchq.Matcher) (wrong []string)) {
	t.Helper()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		var wrong []string
		began := record(t, newMatcher(t, env), history.Sample{Node: "x"}).Now
		for {
			again := *env
			again.Namespace += "-once"
			m := newMatcher(t, &again)
			wrong = test(t, m)
			ended := record(t, m, history.Sample{Node: "x"}).Now
			if ended.Truncate(time.Minute).Equal(began.Truncate(time.Minute)) {
				break
			}
			began, env = ended, &again
		}
		for _, problem := range wrong {
			t.Error(problem)
		}
	})
}

func TestMinutes(t *testing.T) {
	inOneMinute(t, func(t *testing.T, m *matchq.Matcher) (wrong []string) {
		expect := func(what string, got, want any) {
			if got != want {
				wrong = append(wrong, fmt.Sprintf("%s: %+v, want %+v", what, got, want))
			}
		}
		for i := range 5 {
			if _, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: fmt.Sprint("player ", i)}); err != nil {
				t.Fatal(err)
			}
		}
		first := record(t, m, history.Sample{Node: "a", Payload: "hello"})
		expect("a node has measured the longest wait", first.MeasuredAgo >= 0, false)
		if _, err := m.Tick(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		record(t, m, history.Sample{Node: "b", Payload: "x\ty\n", Measured: true, LongestWait: 1500 * time.Millisecond})
		record(t, m, history.Sample{Node: "a", Measured: true, LongestWait: 20 * time.Millisecond}) // without a payload
		last := record(t, m, history.Sample{Node: "a", Payload: "goodbye"})
		record(t, m, history.Sample{Node: "a", Payload: "goodbye"}) // a repeat by the driver
		expect("a node has measured the longest wait", last.MeasuredAgo >= 0, true)

		minutes, err := history.New(m).Minutes(t.Context(), first.Now.Add(-25*time.Hour), last.Now)
		if err != nil || len(minutes) == 0 {
			t.Fatalf("minutes: %+v, %v", minutes, err)
		}
		got := minutes[0]
		expect("minutes", len(minutes), 1)
		expect("start", got.Start.UnixMilli(), last.Now.Truncate(time.Minute).UnixMilli())
		expect("payloads", fmt.Sprint(got.Payloads), fmt.Sprint(map[string]string{"a": "goodbye", "b": "x\ty\n"}))
		expect("first totals", got.First, history.Totals{Enqueued: 5})
		expect("last totals", got.Last, history.Totals{Enqueued: 5, Matched: 4, Matches: 2})
		expect("most that waited", got.MostWaiting, int64(5))
		expect("longest wait", got.LongestWait, 1500*time.Millisecond)
		expect("the longest wait was measured", got.Measured, true)
		return wrong
	})
}

// A past minute accepts samples for one more minute. Other minutes accept none.
func TestMinutesPassed(t *testing.T) {
	inOneMinute(t, func(t *testing.T, m *matchq.Matcher) (wrong []string) {
		now := record(t, m, history.Sample{Node: "a"}).Now
		for shift, taken := range map[time.Duration]bool{-time.Minute: true, -3 * time.Minute: false, 2 * time.Minute: false} {
			recorded, err := history.New(m).Record(t.Context(), history.Sample{Node: "a", Start: now.Add(shift), Payload: "late"})
			if err != nil || recorded.Taken != taken {
				wrong = append(wrong, fmt.Sprintf("%v from now: %+v, %v", shift, recorded, err))
			}
		}
		minutes, err := history.New(m).Minutes(t.Context(), now.Add(-2*time.Minute), now.Add(2*time.Minute))
		if err != nil || len(minutes) != 1 { // no sample of the previous minute has totals
			wrong = append(wrong, fmt.Sprintf("minutes: %+v, %v", minutes, err))
		}
		return wrong
	})
}

func TestMinutesEnd(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env)
	env.Embedded.SetTime(time.Date(2030, 1, 1, 12, 0, 30, 0, time.UTC))
	for range 3 {
		record(t, m, history.Sample{Node: "a", Payload: "here"})
		stats, err := m.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		env.Embedded.SetTime(stats.At.Add(time.Minute))
	}
	kept := func() int {
		return len(slices.DeleteFunc(env.Embedded.Keys(), func(key string) bool { return !strings.Contains(key, ":minute:") }))
	}
	if kept() != 3 {
		t.Fatalf("%d minutes are kept", kept())
	}
	env.Embedded.FastForward(history.Kept + time.Second)
	if kept() != 0 {
		t.Errorf("%d minutes never expire", kept())
	}
}

// A key that another program has written hides no other minute.
func TestBrokenMinute(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env)
		now := record(t, m, history.Sample{Node: "a"}).Now
		key := fmt.Sprintf("%s:minute:%d", m.HashTag(), now.Add(-10*time.Minute).Unix()/60)
		if err := env.Client.Set(t.Context(), key, "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if minutes, err := history.New(m).Minutes(t.Context(), now.Add(-time.Hour), now.Add(time.Minute)); err != nil || len(minutes) != 1 {
			t.Errorf("minutes: %+v, %v", minutes, err)
		}
	})
}

func TestSamplesThatAreRefused(t *testing.T) {
	m := newMatcher(t, matchqtest.Embedded(t))
	for name, n := range map[string]history.Sample{
		"no node":      {Payload: "x"},
		"long payload": {Node: "a", Payload: strings.Repeat("x", 16<<10+1)},
	} {
		if _, err := history.New(m).Record(t.Context(), n); !errors.As(err, new(*matchq.InvalidError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
