package matchq_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
)

// note writes something down of the current minute of Redis's clock.
func note(t *testing.T, m *matchq.Matcher, n matchq.Note) matchq.Noted {
	t.Helper()
	stats, err := m.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	n.Start = stats.At
	noted, err := m.NoteMinute(t.Context(), n)
	if err != nil {
		t.Fatal(err)
	}
	if !noted.Taken { // a minute began in between
		n.Start = noted.Now
		if noted, err = m.NoteMinute(t.Context(), n); err != nil || !noted.Taken {
			t.Fatalf("noted: %+v, %v", noted, err)
		}
	}
	return noted
}

// inOneMinute runs a test on all backends, and once more in another namespace if a minute ended in between.
func inOneMinute(t *testing.T, test func(t *testing.T, m *matchq.Matcher) (wrong []string)) {
	t.Helper()
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		t.Parallel()
		var wrong []string
		began := note(t, newMatcher(t, env, matchq.Config{}), matchq.Note{Node: "x"}).Now
		for {
			again := *env
			again.Namespace += "-once"
			m := newMatcher(t, &again, matchq.Config{})
			wrong = test(t, m)
			ended := note(t, m, matchq.Note{Node: "x"}).Now
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
		enqueueMany(t, m, "history", 5)
		first := note(t, m, matchq.Note{Node: "a", Words: "hello"})
		expect("somebody has looked up the longest wait", first.Looked >= 0, false)
		if _, err := m.Tick(t.Context(), "history"); err != nil {
			t.Fatal(err)
		}
		note(t, m, matchq.Note{Node: "b", Words: "x\ty\n", LookedUp: true, LongestWait: 1500 * time.Millisecond})
		note(t, m, matchq.Note{Node: "a", LookedUp: true, LongestWait: 20 * time.Millisecond}) // says nothing new
		last := note(t, m, matchq.Note{Node: "a", Words: "goodbye"})
		note(t, m, matchq.Note{Node: "a", Words: "goodbye"}) // as a driver repeats it
		expect("somebody has looked up the longest wait", last.Looked >= 0, true)

		minutes, err := m.Minutes(t.Context(), first.Now.Add(-25*time.Hour), last.Now)
		if err != nil || len(minutes) == 0 {
			t.Fatalf("minutes: %+v, %v", minutes, err)
		}
		got := minutes[0]
		expect("minutes", len(minutes), 1)
		expect("start", got.Start.UnixMilli(), last.Now.Truncate(time.Minute).UnixMilli())
		expect("words", fmt.Sprint(got.Words), fmt.Sprint(map[string]string{"a": "goodbye", "b": "x\ty\n"}))
		expect("first totals", got.First, matchq.Totals{Enqueued: 5})
		expect("last totals", got.Last, matchq.Totals{Enqueued: 5, Matched: 4, Matches: 2})
		expect("most that waited", got.MostWaiting, int64(5))
		expect("longest wait", got.LongestWait, 1500*time.Millisecond)
		return wrong
	})
}

// A minute that is over is noted for one more, and no others.
func TestMinutesPassed(t *testing.T) {
	inOneMinute(t, func(t *testing.T, m *matchq.Matcher) (wrong []string) {
		now := note(t, m, matchq.Note{Node: "a"}).Now
		for shift, taken := range map[time.Duration]bool{-time.Minute: true, -3 * time.Minute: false, 2 * time.Minute: false} {
			noted, err := m.NoteMinute(t.Context(), matchq.Note{Node: "a", Start: now.Add(shift), Words: "late"})
			if err != nil || noted.Taken != taken {
				wrong = append(wrong, fmt.Sprintf("%v from now: %+v, %v", shift, noted, err))
			}
		}
		minutes, err := m.Minutes(t.Context(), now.Add(-2*time.Minute), now.Add(2*time.Minute))
		if err != nil || len(minutes) != 1 { // of the one before nobody has noted the totals
			wrong = append(wrong, fmt.Sprintf("minutes: %+v, %v", minutes, err))
		}
		return wrong
	})
}

func TestMinutesEnd(t *testing.T) {
	env := redistest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	env.Embedded.SetTime(time.Date(2030, 1, 1, 12, 0, 30, 0, time.UTC))
	for range 3 {
		note(t, m, matchq.Note{Node: "a", Words: "here"})
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
	env.Embedded.FastForward(matchq.MinutesKept + time.Second)
	if kept() != 0 {
		t.Errorf("%d minutes are kept for ever", kept())
	}
}

// A key that something else has written hides no other minute.
func TestBrokenMinute(t *testing.T) {
	redistest.Run(t, func(t *testing.T, env *redistest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{})
		now := note(t, m, matchq.Note{Node: "a"}).Now
		key := fmt.Sprintf("%s:minute:%d", m.HashTag(), now.Add(-10*time.Minute).Unix()/60)
		if err := env.Client.Set(t.Context(), key, "x", 0).Err(); err != nil {
			t.Fatal(err)
		}
		if minutes, err := m.Minutes(t.Context(), now.Add(-time.Hour), now.Add(time.Minute)); err != nil || len(minutes) != 1 {
			t.Errorf("minutes: %+v, %v", minutes, err)
		}
	})
}

func TestNotesThatAreRefused(t *testing.T) {
	m := newMatcher(t, redistest.Embedded(t), matchq.Config{})
	for name, n := range map[string]matchq.Note{
		"no node":        {Words: "x"},
		"too many words": {Node: "a", Words: strings.Repeat("x", 16<<10+1)},
	} {
		if _, err := m.NoteMinute(t.Context(), n); !errors.As(err, new(*matchq.InvalidError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
