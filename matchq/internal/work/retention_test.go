package work

import (
	"log/slog"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/redis/go-redis/v9"
)

// A group with a short retention outlives the lease of a killed worker all the same: its event goes to another worker.
func TestAGroupOutlivesItsLeases(t *testing.T) {
	env := matchqtest.Embedded(t)
	now := time.Now()
	env.Embedded.SetTime(now)
	in := space.New(space.Config{
		Client: env.Client, Namespace: env.Namespace, Timeout: matchqtest.Patience, Logger: slog.New(slog.DiscardHandler),
		Guard: space.Guard{Fingerprint: "settings"},
	})
	if err := env.Client.HSet(t.Context(), in.Key(space.Meta), "config", "settings").Err(); err != nil {
		t.Fatal(err)
	}
	if ok, err := Join(t.Context(), in, &Settings{Group: "g", Kinds: []string{"matched"}, MaxReady: 10, MaxDead: 10, Retention: time.Second}); err != nil || !ok {
		t.Fatal(ok, err)
	}
	err := env.Client.XAdd(t.Context(), &redis.XAddArgs{Stream: in.Key(space.Events), Values: []any{
		"kind", "matched", "size", 1, "count", 1, "at", 1, "reason", "", "tickets", "t\nrecord",
	}}).Err()
	if err != nil {
		t.Fatal(err)
	}
	call := func(worker string, leaving bool) (deliveries []int) {
		t.Helper()
		args := workArgs{Group: "g", Worker: worker, Turn: 1, Slots: 1, LeaseMS: lease.Milliseconds(), LongestMS: lease.Milliseconds(), Leaving: leaving}
		if leaving {
			args.Turn, args.Slots = 2, 0
		}
		r, err := workScript.Call(t.Context(), in, args)
		if err != nil {
			t.Fatal(err)
		}
		x, err := decodeExchanged(r, 0)
		if err != nil || !x.exists {
			t.Fatalf("there is a group: %v, %v", x.exists, err)
		}
		for _, d := range x.events {
			deliveries = append(deliveries, d.Number)
		}
		return deliveries
	}
	tendAt := func(after time.Duration) {
		t.Helper()
		env.Embedded.SetTime(now.Add(after))
		if err := Tend(t.Context(), in, time.Millisecond); err != nil {
			t.Fatal(err)
		}
	}
	tendAt(10 * time.Millisecond) // the event is taken
	if got := call("killed", false); len(got) != 1 || got[0] != 1 {
		t.Fatalf("deliveries: %v", got)
	}
	tendAt(lease / 4)
	tendAt(lease / 2)
	tendAt(lease + time.Second)
	if got := call("living", false); len(got) != 1 || got[0] != 2 {
		t.Errorf("deliveries: %v", got)
	}
	call("living", true)
	tendAt(3*lease + 2*time.Second) // the killed one has counted as alive until then
	tendAt(3*lease + 20*time.Second)
	if states, err := Groups(t.Context(), in); err != nil || len(states) != 0 {
		t.Errorf("after the last worker has left: %+v, %v", states, err)
	}
}
