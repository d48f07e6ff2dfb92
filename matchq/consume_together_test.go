package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// handled collects the events that workers got.
type handled struct {
	mu  sync.Mutex
	ids []string
}

func (h *handled) add(ev matchq.Event) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ids = append(h.ids, ev.ID)
	return len(h.ids)
}

func (h *handled) sorted() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	ids := slices.Clone(h.ids)
	slices.Sort(ids)
	return ids
}

// oneByOne handles events one by one, up to the first that fails.
func oneByOne(handle func(context.Context, matchq.Event) error) func(context.Context, []matchq.Event) error {
	return func(ctx context.Context, events []matchq.Event) error {
		for _, event := range events {
			if err := handle(ctx, event); err != nil {
				return err
			}
		}
		return nil
	}
}

// consume runs a worker. The function it returns stops the worker, waits for it and returns its error.
func consume(t testing.TB, m *matchq.Matcher, group, worker string, handle func(context.Context, matchq.Event) error) (end func() error) {
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- m.ConsumeTogether(ctx, group, worker, m.Config().Retention/4, oneByOne(handle)) }()
	end = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() { _ = end() })
	return end
}

// cancelledOnes makes n events, each in its own entry, and returns their ids.
func cancelledOnes(t testing.TB, m *matchq.Matcher, n int) []string {
	t.Helper()
	before := position(t, m)
	for i := range n {
		made := enqueue(t, m, "history", fmt.Sprint("c", i))
		if err := m.Cancel(t.Context(), made.ID, ""); err != nil {
			t.Fatal(err)
		}
	}
	return idsOfEvents(take(t, m, before, n))
}

func TestWorkersShareEvents(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ids := append(story(t, m), cancelledOnes(t, m, 40)...)
		var all handled
		workers := make(chan string, len(ids))
		bothBusy := make(chan struct{}) // a worker holds its first event until the other one has one too
		var once [2]sync.Once
		var busy sync.WaitGroup
		busy.Add(2)
		go func() { busy.Wait(); close(bothBusy) }()
		for i, name := range []string{"w0", "w1"} {
			consume(t, m, "group", name, func(ctx context.Context, ev matchq.Event) error {
				once[i].Do(busy.Done)
				<-bothBusy
				all.add(ev)
				workers <- name
				return nil
			})
		}
		share := map[string]int{}
		for range ids {
			share[<-workers]++
		}
		want := slices.Clone(ids)
		if slices.Sort(want); !slices.Equal(all.sorted(), want) {
			t.Errorf("handled %v, not %v", all.sorted(), want)
		}
		if len(share) != 2 {
			t.Errorf("shares: %v", share)
		}
		// Another group gets all events too, in order.
		var other handled
		full := make(chan struct{})
		end := consume(t, m, "other", "w0", func(_ context.Context, ev matchq.Event) error {
			if other.add(ev) == len(ids) {
				close(full)
			}
			return nil
		})
		<-full
		if err := end(); err != nil || !slices.Equal(other.ids, ids) {
			t.Errorf("the other group handled %v, not %v; %v", other.ids, ids, err)
		}
	})
}

var errHandle = errors.New("could not handle it")

func TestWhatAWorkerLeavesAnotherHandles(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		m := newMatcher(t, env, matchq.Config{Retention: 4 * time.Second}) // claimed after one
		ids := cancelledOnes(t, m, 3)
		var first handled
		err := m.ConsumeTogether(t.Context(), "group", "w0", m.Config().Retention/4, oneByOne(func(_ context.Context, ev matchq.Event) error {
			if first.add(ev) == 2 {
				return fmt.Errorf("%s: %w", ev.ID, errHandle)
			}
			return nil
		}))
		if !errors.Is(err, errHandle) {
			t.Fatalf("consume: %v", err)
		}
		checkHandled(t, m, "w1", ids)
	})
}

// checkHandled runs a worker until it has handled exactly these events, in any order.
func checkHandled(t *testing.T, m *matchq.Matcher, worker string, ids []string) {
	t.Helper()
	var got handled
	full := make(chan struct{})
	end := consume(t, m, "group", worker, func(_ context.Context, ev matchq.Event) error {
		if got.add(ev) == len(ids) {
			close(full)
		}
		return nil
	})
	select {
	case <-full:
	case <-time.After(matchqtest.Patience):
	}
	if err := end(); err != nil || !slices.Equal(got.sorted(), ids) {
		t.Errorf("%s handled %v, not %v; %v", worker, got.sorted(), ids, err)
	}
}

// TestAWorkerComesBackToWhatItLeft needs no waiting: a worker's unfinished events stay its own.
func TestAWorkerComesBackToWhatItLeft(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ids := cancelledOnes(t, m, 3)
		// The worker ends while it handles the second one: its context ends, and it returns the context's error.
		ctx, cancel := context.WithCancel(t.Context())
		err := m.ConsumeTogether(ctx, "group", "w0", m.Config().Retention/4, oneByOne(func(ctx context.Context, ev matchq.Event) error {
			if ev.ID == ids[1] {
				cancel()
				return ctx.Err()
			}
			return nil
		}))
		if err != nil {
			t.Fatalf("consume: %v", err)
		}
		checkHandled(t, m, "w0", ids)
	})
}

// TestMatchesOfAnEntryComeAgainTogether ends a worker in the middle of an entry.
func TestMatchesOfAnEntryComeAgainTogether(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ids := story(t, m)[:50]
		err := m.ConsumeTogether(t.Context(), "group", "w0", m.Config().Retention/4, oneByOne(func(_ context.Context, ev matchq.Event) error {
			if ev.ID == ids[20] {
				return errHandle
			}
			return nil
		}))
		if !errors.Is(err, errHandle) {
			t.Fatalf("consume: %v", err)
		}
		var again []string
		err = m.ConsumeTogether(t.Context(), "group", "w0", m.Config().Retention/4, oneByOne(func(_ context.Context, ev matchq.Event) error {
			if again = append(again, ev.ID); len(again) == 50 {
				return errHandle
			}
			return nil
		}))
		if !errors.Is(err, errHandle) || !slices.Equal(again, ids) {
			t.Errorf("again came %v, not %v; %v", again, ids, err)
		}
	})
}

// TestConsumeTogetherReturnsWhateverHandleSays includes errors that would have a special meaning if they came from Redis.
func TestConsumeTogetherReturnsWhateverHandleSays(t *testing.T) {
	env := matchqtest.Embedded(t)
	m := newMatcher(t, env, matchq.Config{})
	cancelledOnes(t, m, 1)
	for _, said := range []error{matchq.ErrUnavailable, fmt.Errorf("enqueue: %w", matchq.ErrUnavailable), errors.New("NOGROUP")} {
		ctx, cancel := context.WithTimeout(t.Context(), matchqtest.Patience)
		err := m.ConsumeTogether(ctx, "group", "w0", m.Config().Retention/4, oneByOne(func(context.Context, matchq.Event) error { return said }))
		if cancel(); !errors.Is(err, said) {
			t.Errorf("handle said %v, consume %v", said, err)
		}
	}
}

func TestConsumeTogetherSurvivesAnEmptiedRedis(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		cancelledOnes(t, m, 2)
		var got handled
		end := consume(t, m, "group", "w0", func(_ context.Context, ev matchq.Event) error {
			got.add(ev)
			return nil
		})
		matchqtest.Eventually(t, "all is handled", func() bool { return len(got.sorted()) == 2 })
		prefix := "{" + env.Namespace + "}:"
		for _, key := range []string{"meta", "tickets", "players", "due", "events", "counters", "matched", "tombstones", "batches"} {
			if err := env.Client.Del(t.Context(), prefix+key).Err(); err != nil {
				t.Fatal(err)
			}
		}
		ids := cancelledOnes(t, m, 3)
		matchqtest.Eventually(t, "the later events are handled", func() bool { return len(got.sorted()) == 5 })
		if err := end(); err != nil || !slices.Equal(got.ids[2:], ids) {
			t.Errorf("then handled %v, not %v; %v", got.ids[2:], ids, err)
		}
	})
}

// The names of killed workers do not pile up; their unfinished events come first.
func TestKilledWorkersAreRemoved(t *testing.T) {
	env := matchqtest.Real(t) // miniredis does not report how long a worker has been silent
	m := newMatcher(t, env, matchq.Config{})
	ids := cancelledOnes(t, m, 2)
	stream := "{" + env.Namespace + "}:events"
	ctx := t.Context()
	if err := env.Client.XGroupCreate(ctx, stream, "g", "0").Err(); err != nil {
		t.Fatal(err)
	}
	for _, killed := range []string{"one", "two", "three"} { // the last one got no event
		err := env.Client.XReadGroup(ctx, &redis.XReadGroupArgs{
			Group: "g", Consumer: killed, Streams: []string{stream, ">"}, Count: 1, Block: -1,
		}).Err()
		if err != nil && !errors.Is(err, redis.Nil) {
			t.Fatal(err)
		}
	}
	var all handled
	ctx, cancel := context.WithCancel(ctx)
	ended := make(chan error, 1)
	go func() {
		ended <- m.ConsumeTogether(ctx, "g", "living", 10*time.Millisecond, func(_ context.Context, events []matchq.Event) error {
			for _, ev := range events {
				all.add(ev)
			}
			return nil
		})
	}()
	matchqtest.Eventually(t, "the living worker is the only one", func() bool {
		workers, err := env.Client.XInfoConsumers(t.Context(), stream, "g").Result()
		return err == nil && len(workers) == 1 && workers[0].Name == "living"
	})
	if got := all.sorted(); !slices.Equal(got, ids) {
		t.Errorf("handled %v, want %v", got, ids)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

// Work that is cheaper done at once gets several entries together, in their order, and acknowledges them in one call.
func TestEntriesAreHandledTogether(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		m := newMatcher(t, env, matchq.Config{})
		ids := cancelledOnes(t, m, 20)
		trips := &tripCounter{}
		env.Client.AddHook(trips)
		ctx, cancel := context.WithCancel(t.Context())
		began := time.Now()
		var got []string
		var sizes []int
		err := m.ConsumeTogether(ctx, "group", "worker", time.Minute, func(_ context.Context, events []matchq.Event) error {
			got, sizes = append(got, idsOfEvents(events)...), append(sizes, len(events))
			if len(got) == len(ids) {
				cancel()
			}
			return nil
		})
		if err != nil || !slices.Equal(got, ids) {
			t.Errorf("handled %v, %v, want %v", got, err, ids)
		}
		if !slices.Equal(sizes, []int{8, 8, 4}) {
			t.Errorf("handled %v at once", sizes)
		}
		looks := 3 * int(time.Since(began)/time.Second) // at Redis, on a machine that stalls
		if n := trips.take(); n > 20+looks {            // group, reads, acknowledgements, begin and end of a worker; 40 one by one
			t.Errorf("%d round trips for %d entries", n, len(ids))
		}
	})
}
