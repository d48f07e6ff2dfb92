package vigil

import (
	"log/slog"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestFollows(t *testing.T) {
	for _, c := range []struct {
		before, now Identity
		follows     bool
	}{
		{Identity{}, Identity{}, true},
		{Identity{}, Identity{"a", "1"}, true},
		{Identity{"a", ""}, Identity{"a", "1"}, true}, // the namespace came into being
		{Identity{"a", "1"}, Identity{"a", "1"}, true},
		{Identity{"a", "1"}, Identity{"", "1"}, true},   // it does not tell any more
		{Identity{"a", "1"}, Identity{"b", "1"}, false}, // a restart, or a failover
		{Identity{"a", ""}, Identity{"b", ""}, false},
		{Identity{"a", "1"}, Identity{"a", ""}, false}, // it was emptied
		{Identity{"a", "1"}, Identity{"a", "2"}, false},
		{Identity{"", "1"}, Identity{"", "2"}, false},
	} {
		if got := c.now.Follows(c.before); got != c.follows {
			t.Errorf("%v after %v: %v", c.now, c.before, got)
		}
	}
}

func newVigil(t *testing.T, env *matchqtest.Env, changed func()) *Vigil {
	t.Helper()
	return New(space.New(space.Config{
		Client: env.Client, Namespace: env.Namespace, Timeout: matchqtest.Patience, Logger: slog.New(slog.DiscardHandler),
	}), changed)
}

// A namespace that is emptied is a change, whether or not it is written to again between two looks; that it comes into
// being is none. Followers who have left are not called.
func TestChanges(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		calls, left := 0, 0
		v := newVigil(t, env, func() { calls++ })
		v.stop = func() {} // nobody asks but this test
		v.followers[&follower{func() { calls++ }}] = true
		leave := v.Follow(t.Context(), time.Minute, func() { left++ })
		leave()
		meta := v.space.Key(space.Meta)
		look := func(want int) {
			t.Helper()
			if err := v.Check(t.Context()); err != nil {
				t.Fatal(err)
			}
			if calls != want || left != 0 {
				t.Errorf("%d calls, want %d; %d of one that has left", calls, want, left)
			}
		}
		born := func(value string) {
			t.Helper()
			if err := env.Client.Del(t.Context(), meta).Err(); err != nil {
				t.Fatal(err)
			}
			if value == "" {
				return
			}
			if err := env.Client.HSet(t.Context(), meta, "born", value).Err(); err != nil {
				t.Fatal(err)
			}
		}
		look(0)
		born("1")
		look(0)
		look(0)
		born("")
		look(2)
		if span := env.Client.HGet(t.Context(), meta, "blind_span").Val(); span == "" {
			t.Error("Redis was not told to count nobody as absent")
		}
		look(2)
		born("2")
		look(2)
		born("3")
		look(4)
		v.again = []time.Time{time.Now()}
		v.repeat()
		look(6)
		v.repeat()
		look(6)
	})
}

// Redis that can't be told to count nobody as absent is told with the next look; until then the look fails.
func TestTheBlindSpanIsMadeUpFor(t *testing.T) {
	env := matchqtest.Embedded(t)
	v := newVigil(t, env, nil)
	setBorn(t, env, v, "1")
	if err := v.Check(t.Context()); err != nil {
		t.Fatal(err)
	}
	setBorn(t, env, v, "2")
	if _, found, _ := v.compare(Identity{Born: "2"}, v.noted); found != changed {
		t.Fatalf("found %v", found)
	}
	env.Embedded.SetError("MISCONF not now")
	if err := v.tellRedis(t.Context()); err == nil {
		t.Error("no error")
	}
	env.Embedded.SetError("")
	if err := v.Check(t.Context()); err != nil {
		t.Error(err)
	}
	if span := env.Client.HGet(t.Context(), v.space.Key(space.Meta), "blind_span").Val(); span == "" {
		t.Error("Redis was not told")
	}
}

// An identity that was read before the one that is known, and comes after it, is no change.
func TestOlderIdentities(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		calls := 0
		v := newVigil(t, env, func() { calls++ })
		setBorn(t, env, v, "1")
		if err := v.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		for _, older := range []string{"", "0"} {
			if err := v.saw(t.Context(), Identity{Born: older}); err != nil || calls > 0 {
				t.Errorf("%q is a change: %v", older, err)
			}
		}
		setBorn(t, env, v, "2")
		if err := v.saw(t.Context(), Identity{Born: "2"}); err != nil || calls != 1 {
			t.Errorf("%d calls, %v", calls, err)
		}
	})
}

// setBorn sets when a namespace came into being.
func setBorn(t *testing.T, env *matchqtest.Env, v *Vigil, born string) {
	t.Helper()
	if err := env.Client.HSet(t.Context(), v.space.Key(space.Meta), "born", born).Err(); err != nil {
		t.Fatal(err)
	}
}

// A user without the right to INFO learns of an emptied Redis all the same.
func TestWithoutTheRightToInfo(t *testing.T) {
	env := matchqtest.Real(t)
	admin := env.Client
	rights := []any{"ACL", "SETUSER", "default", "-info"}
	if err := admin.Do(t.Context(), rights...).Err(); err != nil {
		t.Fatal(err)
	}
	v := newVigil(t, env, nil)
	if err := admin.HSet(t.Context(), v.space.Key(space.Meta), "born", "1").Err(); err != nil {
		t.Fatal(err)
	}
	if got, _, err := look(t.Context(), v.space); err != nil || got != (Identity{"", "1"}) {
		t.Errorf("%+v, %v", got, err)
	}
}
