package history_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// recordQueues records samples in the minute of a time and expects how many are taken.
func recordQueues(t *testing.T, m *matchq.Matcher, at time.Time, want int, samples ...history.QueueSample) (wrong []string) {
	t.Helper()
	taken, err := history.New(m).RecordQueues(t.Context(), at, samples)
	if err != nil {
		t.Fatal(err)
	}
	if taken != want {
		wrong = append(wrong, fmt.Sprintf("%d of %d samples are taken, want %d", taken, len(samples), want))
	}
	return wrong
}

// past reads the last two hours of a queue, on a line.
func past(t *testing.T, m *matchq.Matcher, queue string, now time.Time) string {
	t.Helper()
	minutes, err := history.New(m).QueueMinutes(t.Context(), queue, now.Add(-2*time.Hour), now)
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	for _, minute := range minutes {
		said = append(said, fmt.Sprintf("-%d: %d waiting, %v, %d matches",
			now.Unix()/60-minute.Start.Unix()/60, minute.MostWaiting, minute.LongestWait, minute.Matches))
	}
	return strings.Join(said, "; ")
}

// A minute keeps the most of all samples of a queue, from all nodes. Matches count from the first node's total on.
func TestQueueMinutes(t *testing.T) {
	inOneMinute(t, func(t *testing.T, m *matchq.Matcher) (wrong []string) {
		now := record(t, m, history.Sample{Node: "a"}).Now
		wrong = append(wrong, recordQueues(t, m, now, 2,
			history.QueueSample{Queue: "history", Waiting: 3, LongestWait: 2 * time.Second, Matches: 10},
			history.QueueSample{Queue: "music", Waiting: 1})...)
		late := history.QueueSample{Queue: "history", Waiting: 1, LongestWait: 5 * time.Second, Matches: 12, NewMatches: 4}
		wrong = append(wrong, recordQueues(t, m, now, 1, late)...)
		wrong = append(wrong, recordQueues(t, m, now, 1, late)...) // a repeat by the driver
		for queue, want := range map[string]string{
			"history": "-0: 3 waiting, 5s, 4 matches", "music": "-0: 1 waiting, 0s, 0 matches", "science": "-0: 0 waiting, 0s, 0 matches",
		} {
			if got := past(t, m, queue, now); got != want {
				wrong = append(wrong, fmt.Sprintf("%s: %s, want %s", queue, got, want))
			}
		}
		wrong = append(wrong, recordQueues(t, m, now.Add(-time.Minute), 0, late)...)
		return append(wrong, recordQueues(t, m, now.Add(time.Minute), 0, late)...)
	})
}

// Memory is bounded: a minute keeps the first queues, and tells of no other one whether anybody waited in it.
func TestQueuesOfAMinuteAreBounded(t *testing.T) {
	inOneMinute(t, func(t *testing.T, m *matchq.Matcher) (wrong []string) {
		now := record(t, m, history.Sample{Node: "a"}).Now
		samples := make([]history.QueueSample, history.MaxQueues)
		for i := range samples {
			samples[i] = history.QueueSample{Queue: fmt.Sprint("queue-", i), Waiting: 500 - i}
		}
		wrong = append(wrong, recordQueues(t, m, now, history.MaxQueues, samples...)...)
		samples[0].Queue, samples[1].Waiting = "one more", 1000
		wrong = append(wrong, recordQueues(t, m, now, history.MaxQueues-1, samples...)...)
		for queue, want := range map[string]string{
			"queue-1": "-0: 1000 waiting, 0s, 0 matches", "one more": "", "queue-127": "-0: 373 waiting, 0s, 0 matches",
		} {
			if got := past(t, m, queue, now); got != want {
				wrong = append(wrong, fmt.Sprintf("%s: %s, want %s", queue, got, want))
			}
		}
		return wrong
	})
}

// Matches of a minute count from the last minute in which the queue was recorded, and minutes end after 25 hours.
func TestQueueMinutesGoOn(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env)
	start := time.Date(2030, 1, 1, 12, 0, 30, 0, time.UTC)
	at := func(minute int) time.Time {
		now := start.Add(time.Duration(minute) * time.Minute)
		env.Embedded.SetTime(now)
		return now
	}
	recordQueues(t, m, at(0), 1, history.QueueSample{Queue: "history", Waiting: 1, Matches: 7, NewMatches: 2})
	recordQueues(t, m, at(1), 1, history.QueueSample{Queue: "music", Waiting: 1})
	recordQueues(t, m, at(3), 1, history.QueueSample{Queue: "history", Waiting: 2, Matches: 12, NewMatches: 1})
	recordQueues(t, m, at(4), 1, history.QueueSample{Queue: "history", Waiting: 2, Matches: 4}) // Redis has forgotten its totals
	want := "-4: 1 waiting, 0s, 2 matches; -3: 0 waiting, 0s, 0 matches; -1: 2 waiting, 0s, 5 matches; -0: 2 waiting, 0s, 0 matches"
	if got := past(t, m, "history", at(4)); got != want {
		t.Errorf("%s, want %s", got, want)
	}
	for _, key := range env.Embedded.Keys() {
		if ttl := env.Embedded.TTL(key); strings.Contains(key, ":minute_queues:") && ttl != history.Kept {
			t.Errorf("%s is kept for %v", key, ttl)
		}
	}
	key := fmt.Sprintf("%s:minute_queues:%d", m.HashTag(), start.Unix()/60)
	if err := errors.Join(env.Client.Del(t.Context(), key).Err(), env.Client.Set(t.Context(), key, "x", 0).Err()); err != nil {
		t.Fatal(err)
	}
	if got := past(t, m, "history", at(4)); !strings.HasPrefix(got, "-3: 0 waiting") {
		t.Errorf("beside a broken minute: %s", got)
	}
}

func TestQueueSamplesThatAreRefused(t *testing.T) {
	m := newMatcher(t, matchqtest.Embedded(t))
	h := history.New(m)
	for name, samples := range map[string][]history.QueueSample{
		"no name": {{}}, "too many": make([]history.QueueSample, history.MaxQueues+1),
	} {
		if _, err := h.RecordQueues(t.Context(), time.Now(), samples); !errors.As(err, new(*matchq.InvalidError)) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := h.QueueMinutes(t.Context(), "", time.Now(), time.Now()); !errors.As(err, new(*matchq.InvalidError)) {
		t.Errorf("no name: %v", err)
	}
}
