package streams_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"
	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/streams"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
)

func newSpace(client redis.UniversalClient, namespace string) *space.Space {
	return space.New(space.Config{
		Client: client, Namespace: namespace, Timeout: matchqtest.Patience, Logger: slog.New(slog.DiscardHandler),
	})
}

// add adds an entry and returns its id.
func add(t testing.TB, in *space.Space, what any) string {
	t.Helper()
	id, err := in.Client().XAdd(context.Background(), &redis.XAddArgs{Stream: in.Key(space.Events), Values: []any{"n", what}}).Result()
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// next returns the ids of the next entries; of none if none came in the time of a call.
func next(t testing.TB, f *streams.Follower, after string) []string {
	t.Helper()
	entries, err := f.Next(context.Background(), after)
	if err != nil {
		t.Fatal(err)
	}
	ids := make([]string, len(entries))
	for i := range entries {
		ids[i] = entries[i].ID
	}
	return ids
}

// expect waits for one entry.
func expect(t testing.TB, f *streams.Follower, after, want string) {
	t.Helper()
	if got := next(t, f, after); !slices.Equal(got, []string{want}) {
		t.Fatalf("after %s: %v, not %s", after, got, want)
	}
}

func follow(t testing.TB, in *space.Space) *streams.Follower {
	t.Helper()
	f := streams.Follow(context.Background(), in, in.Key(space.Events))
	t.Cleanup(f.Leave)
	return f
}

// waiting starts to wait for entries, which come later.
func waiting(t testing.TB, f *streams.Follower, after string) <-chan []redis.XMessage {
	t.Helper()
	got := make(chan []redis.XMessage, 1)
	go func() {
		var entries []redis.XMessage
		var err error
		for len(entries) == 0 && err == nil { // a Next ends after a second without any
			entries, err = f.Next(t.Context(), after)
		}
		if err != nil {
			t.Error(err)
		}
		got <- entries
	}()
	return got
}

func TestFollowersOfManyStreams(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		one, two := newSpace(env.Client, env.Namespace), newSpace(env.Client, env.Namespace+"-2")
		a, b, late := follow(t, one), follow(t, two), follow(t, one)
		first := add(t, one, 1)
		expect(t, a, "0-0", first) // the entry that is there already
		forA, forB := waiting(t, a, first), waiting(t, b, "0-0")
		second := add(t, one, 2)
		if got := <-forA; len(got) != 1 || got[0].ID != second {
			t.Fatalf("entries for a: %v", got)
		}
		expect(t, late, first, second) // though others are further
		lag := testkit.MeasureLag(t, env.Client)
		began := time.Now()
		only := add(t, two, 1)
		if got := <-forB; len(got) != 1 || got[0].ID != only {
			t.Fatalf("entries for b: %v", got)
		}
		if took := time.Since(began); took > 500*time.Millisecond+3*lag() {
			t.Errorf("an entry took %v: the follower waited for the end of a read", took)
		}
	})
}

// A stream that refuses a read does not stop the others.
func TestARefusalIsOfOneStream(t *testing.T) {
	env := matchqtest.Real(t)
	good, bad := newSpace(env.Client, env.Namespace), newSpace(env.Client, env.Namespace+"-2")
	b := follow(t, bad)
	forB := make(chan error, 1)
	go func() {
		var err error
		for err == nil {
			_, err = b.Next(t.Context(), "0-0")
		}
		forB <- err
	}()
	a := follow(t, good)
	key := bad.Key(space.Events)
	forA := waiting(t, a, "0-0")
	if err := env.Client.Set(t.Context(), key, "no stream", 0).Err(); err != nil {
		t.Fatal(err)
	}
	id := add(t, good, 1)
	if got := <-forA; len(got) != 1 || got[0].ID != id {
		t.Errorf("entries of the good stream: %v", got)
	}
	matchqtest.Eventually(t, "the refusal is told", func() bool {
		select {
		case err := <-forB:
			if !strings.Contains(err.Error(), "WRONGTYPE") {
				t.Errorf("the other stream: %v", err)
			}
			return true
		default:
		}
		next := add(t, good, 2)
		expect(t, a, id, next)
		id = next
		return false
	})
}

// A client of one server may find a cluster there, which reads no streams of several slots together.
func TestOneServerOfACluster(t *testing.T) {
	env := matchqtest.Cluster(t)
	addr := env.Client.(*redis.ClusterClient).Options().Addrs[0]
	client := redis.NewClient(&redis.Options{Addr: addr, ContextTimeoutEnabled: true})
	defer client.Close()
	one, two := newSpace(client, env.Namespace), newSpace(client, env.Namespace+"-2")
	a, b := follow(t, one), follow(t, two)
	forA, forB := waiting(t, a, "0-0"), waiting(t, b, "0-0")
	first, second := add(t, one, 1), add(t, two, 1)
	if gotA, gotB := <-forA, <-forB; len(gotA) != 1 || len(gotB) != 1 || gotA[0].ID != first || gotB[0].ID != second {
		t.Errorf("%v, %v", gotA, gotB)
	}
}

// An outage ends the reads of all followers, who go on afterwards.
func TestOutage(t *testing.T) {
	env := matchqtest.Real(t)
	var all []*streams.Follower
	var spaces []*space.Space
	failed := make(chan error, 3)
	for i := range 3 {
		in := newSpace(env.Client, fmt.Sprint(env.Namespace, "-", i))
		f := follow(t, in)
		all, spaces = append(all, f), append(spaces, in)
		go func() {
			_, err := f.Next(t.Context(), "0-0")
			for err == nil {
				_, err = f.Next(t.Context(), "0-0")
			}
			failed <- err
		}()
	}
	env.Server.Kill()
	for range all {
		if err := <-failed; !errors.Is(err, space.ErrUnavailable) {
			t.Errorf("while redis is away: %v", err)
		}
	}
	env.Server.Restart()
	for i, f := range all {
		id := add(t, spaces[i], 1)
		matchqtest.Eventually(t, "the follower goes on", func() bool {
			entries, err := f.Next(t.Context(), "0-0")
			return err == nil && len(entries) == 1 && entries[0].ID == id
		})
	}
}

// Nothing is left running once the last follower is gone, whatever it did.
func TestNothingIsLeft(t *testing.T) {
	env := matchqtest.Embedded(t)
	before := goleak.IgnoreCurrent()
	client := redis.NewClient(&redis.Options{Addr: env.Embedded.Addr(), ContextTimeoutEnabled: true})
	in := newSpace(client, env.Namespace)
	ctx, cancel := context.WithCancel(t.Context())
	for range 3 {
		f := streams.Follow(ctx, in, in.Key(space.Events))
		defer f.Leave()
		go func() { _, _ = f.Next(ctx, "0-0") }()
	}
	f := streams.Follow(ctx, in, in.Key(space.Events))
	add(t, in, 1)
	next(t, f, "0-0")
	cancel()
	f.Leave()
	if err := client.Close(); err != nil {
		t.Fatal(err)
	}
	matchqtest.Eventually(t, "goroutines end", func() bool {
		return goleak.Find(before, goleak.IgnoreTopFunction("net.(*netFD).accept")) == nil
	})
}

// TestEveryFollowerGetsEverything lets followers of a few streams come, be slow, jump back and leave at random. Each must
// get every entry after the id it asks with, in order.
func TestEveryFollowerGetsEverything(t *testing.T) {
	testkit.Checks(t, 10)
	env := matchqtest.Shared(t)
	run := 0
	rapid.Check(t, func(t *rapid.T) {
		run++
		names := []string{"a", "b"}
		spaces, ids := map[string]*space.Space{}, map[string][]string{}
		for _, name := range names {
			spaces[name] = newSpace(env.Client, fmt.Sprint(env.Namespace, "-", name, run))
		}
		type reader struct {
			f    *streams.Follower
			of   string
			seen int // of ids
		}
		var readers []*reader
		defer func() {
			for _, r := range readers {
				r.f.Leave()
			}
		}()
		pick := func() *reader {
			if len(readers) == 0 {
				t.Skip()
			}
			return rapid.SampledFrom(readers).Draw(t, "reader")
		}
		t.Repeat(map[string]func(*rapid.T){
			"adds": func(t *rapid.T) {
				name := rapid.SampledFrom(names).Draw(t, "stream")
				for range rapid.IntRange(1, 40).Draw(t, "entries") {
					id, err := env.Client.XAdd(context.Background(), &redis.XAddArgs{Stream: spaces[name].Key(space.Events), Values: []any{"n", 1}}).Result()
					if err != nil {
						t.Fatal(err)
					}
					ids[name] = append(ids[name], id)
				}
			},
			"comes": func(t *rapid.T) {
				name := rapid.SampledFrom(names).Draw(t, "stream")
				readers = append(readers, &reader{f: streams.Follow(context.Background(), spaces[name], spaces[name].Key(space.Events)), of: name})
			},
			"goes": func(t *rapid.T) {
				r := pick()
				r.f.Leave()
				readers = slices.DeleteFunc(readers, func(o *reader) bool { return o == r })
			},
			"jumps": func(t *rapid.T) {
				r := pick()
				r.seen = rapid.IntRange(0, len(ids[r.of])).Draw(t, "to")
			},
			"reads": func(t *rapid.T) {
				r := pick()
				if r.seen == len(ids[r.of]) {
					t.Skip() // it would wait
				}
				after := "0-0"
				if r.seen > 0 {
					after = ids[r.of][r.seen-1]
				}
				entries, err := r.f.Next(context.Background(), after)
				if err != nil || len(entries) == 0 {
					t.Fatalf("after %s: %v, %v", after, entries, err)
				}
				for _, e := range entries {
					if e.ID != ids[r.of][r.seen] {
						t.Fatalf("after %s: %v", after, entries)
					}
					r.seen++
				}
			},
			"waits": func(t *rapid.T) { // briefly, so that it is armed
				r := pick()
				ctx, cancel := context.WithTimeout(context.Background(), time.Millisecond)
				defer cancel()
				after := "0-0"
				if r.seen > 0 {
					after = ids[r.of][r.seen-1]
				}
				entries, _ := r.f.Next(ctx, after)
				for _, e := range entries {
					if e.ID != ids[r.of][r.seen] {
						t.Fatalf("after %s: %v", after, entries)
					}
					r.seen++
				}
			},
		})
	})
}
