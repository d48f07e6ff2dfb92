package matchq_test

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// quick are options under which tests need not wait long. No machine stalls for AckWait: an event that is delivered again failed.
func quick(group string) matchq.ConsumeOptions {
	return matchq.ConsumeOptions{Group: group, AckWait: time.Minute, Backoff: []time.Duration{10 * time.Millisecond}}
}

// deliveries are those of workers, by event.
type deliveries struct {
	mu     sync.Mutex
	events []matchq.Event
	done   []string
}

func (d *deliveries) add(ev matchq.Event) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.events = append(d.events, ev)
}

func (d *deliveries) finish(ev matchq.Event) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.done = append(d.done, ev.ID)
	return nil
}

func (d *deliveries) finished() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Sorted(slices.Values(d.done))
}

func (d *deliveries) list() []matchq.Event {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.events)
}

func (d *deliveries) of(id string) (numbers []int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, ev := range d.events {
		if ev.ID == id {
			numbers = append(numbers, ev.Delivery)
		}
	}
	return numbers
}

// work runs a worker. The function it returns stops the worker and waits for it.
func work(t testing.TB, m *matchq.Matcher, o matchq.ConsumeOptions, handle func(context.Context, matchq.Event) error) (end func()) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.Consume(ctx, o, handle) }()
	end = sync.OnceFunc(func() {
		cancel()
		if err := <-ended; err != nil {
			t.Errorf("consume: %v", err)
		}
	})
	t.Cleanup(end)
	return end
}

// matches makes n matches, and returns their events as Watch has them.
func makeMatches(t testing.TB, m *matchq.Matcher, n int) []matchq.Event {
	t.Helper()
	before := position(t, m)
	var requests []matchq.Request
	for i := range 2 * n {
		requests = append(requests, matchq.Request{Queue: "history", Player: fmt.Sprintf("%s-%d", before, i), Attributes: []byte(`{"n":1}`)})
	}
	results, err := m.EnqueueAll(t.Context(), requests)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		if r.Err != nil {
			t.Fatal(r.Err)
		}
	}
	for made := 0; made < n; {
		report, err := m.Tick(t.Context(), "history")
		if err != nil {
			t.Fatal(err)
		}
		made += report.Matches
	}
	return take(t, m, before, n)
}

func groupOf(t testing.TB, m *matchq.Matcher, name string) matchq.Group {
	t.Helper()
	groups, err := m.Groups(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	for _, g := range groups {
		if g.Name == name {
			return g
		}
	}
	return matchq.Group{}
}

// Each match goes to one worker, as Watch tells it; each group gets all of them.
func TestEachMatchGoesToOneWorker(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		events := makeMatches(t, m, 70)
		var all [2]deliveries
		for i, group := range []string{"one", "two"} {
			for range 3 {
				work(t, m, quick(group), func(_ context.Context, ev matchq.Event) error {
					all[i].add(ev)
					return all[i].finish(ev)
				})
			}
		}
		events = append(events, makeMatches(t, m, 30)...)
		for i, group := range []string{"one", "two"} {
			matchqtest.Eventually(t, "all are done", func() bool { return groupOf(t, m, group).Done == 100 })
			if len(all[i].events) != len(events) {
				t.Errorf("%s: %d deliveries", group, len(all[i].events))
			}
			for _, want := range events {
				at := slices.IndexFunc(all[i].events, func(ev matchq.Event) bool { return ev.ID == want.ID })
				if at < 0 {
					t.Fatalf("%s: %s was not delivered", group, want.ID)
				}
				got := all[i].list()[at]
				if got.Delivery != 1 {
					t.Errorf("delivery %d", got.Delivery)
				}
				if got.Delivery = 0; !reflect.DeepEqual(got, want) {
					t.Errorf("%s got %+v, Watch %+v", group, got, want)
				}
			}
			if g := groupOf(t, m, group); g.Waiting+g.Delivered+g.DeadLetters != 0 || g.Workers != 3 {
				t.Errorf("then: %+v", g)
			}
		}
	})
}

// Kinds choose the events; matches of differing sizes and with data are cut out of their entries.
func TestKindsAreChosen(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		want := take(t, m, matchq.FromOldest, len(story(t, m)))
		o := quick("all")
		o.Kinds = []matchq.State{matchq.Matched, matchq.Cancelled, matchq.Expired, matchq.Proposed, matchq.Restored, matchq.RulesChanged}
		var all deliveries
		work(t, m, o, func(_ context.Context, ev matchq.Event) error { all.add(ev); return all.finish(ev) })
		matchqtest.Eventually(t, "all are done", func() bool { return len(all.finished()) == len(want) })
		for _, ev := range want {
			at := slices.IndexFunc(all.list(), func(got matchq.Event) bool { return got.ID == ev.ID })
			if ev.Delivery = 1; at < 0 || !reflect.DeepEqual(all.list()[at], ev) {
				t.Errorf("%+v is missing or differs", ev)
			}
		}
	})
}

// A handler that takes longer than AckWait keeps its match, and holds up no other, nor does one that fails.
func TestSlowAndFailingMatchesHoldUpNobody(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		o := quick("rooms")
		o.AckWait, o.Concurrency, o.MaxDeliveries = 300*time.Millisecond, 3, -1
		o.Backoff = []time.Duration{time.Millisecond}
		testkit.Calm(t, o.AckWait/3, env.Client, func(run int, _ func() time.Duration) []string {
			one := *env
			one.Namespace += fmt.Sprint("-", run)
			return slowAndFailing(t, &one, o)
		})
	})
}

func slowAndFailing(t *testing.T, env *matchqtest.Env, o matchq.ConsumeOptions) (wrong []string) {
	t.Helper()
	m := newMatcher(t, env, matchq.Config{})
	events := makeMatches(t, m, 40)
	slow, failing := events[0].ID, events[1].ID
	var all deliveries
	release := make(chan struct{})
	for range 2 {
		defer work(t, m, o, func(ctx context.Context, ev matchq.Event) error {
			all.add(ev)
			switch {
			case ev.ID == slow:
				<-release
			case ev.ID == failing && len(all.finished()) < len(events)-1:
				return errHandle
			}
			return all.finish(ev)
		})()
	}
	matchqtest.Eventually(t, "the others are done", func() bool { return len(all.finished()) >= len(events)-2 })
	began := time.Now()
	matchqtest.Eventually(t, "a few leases would be over", func() bool { return time.Since(began) > 2*o.AckWait })
	close(release)
	matchqtest.Eventually(t, "all are done", func() bool { return groupOf(t, m, "rooms").Done == int64(len(events)) })
	if got := all.of(slow); !slices.Equal(got, []int{1}) {
		wrong = append(wrong, fmt.Sprintf("the slow match was delivered as %v", got))
	}
	for i, number := range all.of(failing) {
		if number != i+1 {
			wrong = append(wrong, fmt.Sprintf("deliveries of the failing match: %v", all.of(failing)))
			break
		}
	}
	if got := all.finished(); len(slices.Compact(slices.Clone(got))) != len(got) {
		wrong = append(wrong, "a match was done twice")
	}
	return wrong
}

// After MaxDeliveries, a panic or ErrGiveUp a match is a dead letter, which can be retried and removed.
func TestDeadLetters(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		events := makeMatches(t, m, 4)
		o := quick("rooms")
		o.MaxDeliveries = 3
		var all deliveries
		var mended sync.Map
		work(t, m, o, func(_ context.Context, ev matchq.Event) error {
			all.add(ev)
			if _, ok := mended.Load(ev.ID); ok {
				return all.finish(ev)
			}
			switch ev.ID {
			case events[0].ID:
				return fmt.Errorf("never: %w", matchq.ErrGiveUp)
			case events[1].ID:
				panic("no map")
			case events[2].ID:
				return &matchq.RetryError{After: time.Millisecond, Err: errHandle}
			}
			return all.finish(ev)
		})
		matchqtest.Eventually(t, "three are dead", func() bool { return groupOf(t, m, "rooms").DeadLetters == 3 })
		letters, total, err := m.DeadLetters(t.Context(), "rooms", 0, 10)
		if err != nil || total != 3 || len(letters) != 3 {
			t.Fatalf("%d of %d dead letters, %v", len(letters), total, err)
		}
		for _, l := range letters {
			i := slices.IndexFunc(events, func(ev matchq.Event) bool { return ev.ID == l.Event.ID })
			if i < 0 || i > 2 {
				t.Fatalf("dead: %+v", l)
			}
			want := []string{"never: matchq: give up", "panic: no map", errHandle.Error()}[i]
			if deliveries := []int{1, 3, 3}[i]; l.Reason != want || l.Event.Delivery != deliveries || time.Since(l.Since).Abs() > time.Minute {
				t.Errorf("dead: %+v", l)
			}
			l.Event.Delivery = 0
			if !reflect.DeepEqual(l.Event, events[i]) {
				t.Errorf("dead: %+v, want %+v", l.Event, events[i])
			}
		}
		if page, _, err := m.DeadLetters(t.Context(), "rooms", 1, 1); err != nil || len(page) != 1 || page[0].Event.ID != letters[1].Event.ID {
			t.Errorf("the second page: %+v, %v", page, err)
		}
		mended.Store(events[1].ID, true)
		if ids, err := m.RetryDeadLetters(t.Context(), "rooms", events[1].ID, events[3].ID, "1-1-1"); err != nil || !slices.Equal(ids, []string{events[1].ID}) {
			t.Errorf("retried %v, %v", ids, err)
		}
		matchqtest.Eventually(t, "it is done", func() bool { return slices.Contains(all.finished(), events[1].ID) })
		if got := all.of(events[1].ID); !slices.Equal(got, []int{1, 2, 3, 1}) {
			t.Errorf("deliveries: %v", got)
		}
		for _, want := range []int{1, 0} {
			if ids, err := m.RemoveDeadLetters(t.Context(), "rooms", events[0].ID); err != nil || len(ids) != want {
				t.Errorf("removed %v, %v", ids, err)
			}
		}
		matchqtest.Eventually(t, "one is left", func() bool {
			g := groupOf(t, m, "rooms")
			return g.DeadLetters == 1 && g.Done == 2 && g.Buried == 3 && g.Waiting+g.Delivered == 0
		})
		if n := len(env.Client.HKeys(t.Context(), "{"+env.Namespace+"}:work:rooms").Val()); n > 4 { // the dead letter, the worker's last call
			t.Errorf("%d fields are left", n)
		}
	})
}
