package matchq_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/redistest"
)

// A Redis that comes back empty is told who is connected.
func TestPresenceAfterRedisWasEmptied(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{}))
	a := startNode(t, m, matchq.NodeConfig{Lease: 400 * time.Millisecond})
	for i := range 300 {
		player := fmt.Sprint("player ", i)
		a.arrive(t, player, "c"+player)
	}
	env.Server.Kill()
	_ = a.Leave(t.Context(), "player 7", "cplayer 7") // Redis is away
	env.Server.Restart()
	redistest.Eventually(t, "all are announced", func() bool {
		found, err := m.Online(t.Context(), "player 0", "player 299", "player 7")
		return err == nil && found[0] != nil && found[1] != nil && found[2] == nil
	})
	redistest.Eventually(t, "a message is heard", func() bool {
		_ = m.Post(t.Context(), matchq.Message{Player: "player 299", Event: "hello", Key: "once"})
		return slices.Contains(a.list(&a.heard), "cplayer 299 hello")
	})
}

// The subscription breaks; what was missed is heard when it is back.
func TestMissedMessagesAreReadFromTheOutbox(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{}))
	through := newProxy(t, env.Server.Addr)
	mine, err := matchq.New(through.client(t), m.Config())
	if err != nil {
		t.Fatal(err)
	}
	a := startNode(t, mine, matchq.NodeConfig{Lease: time.Minute})
	b := startNode(t, m, matchq.NodeConfig{})
	for _, player := range []string{"alice", "bob", "carol"} {
		a.arrive(t, player, player)
	}
	post(t, m, numbered("alice", 0, 1)...)
	redistest.Eventually(t, "the first is heard", func() bool { return len(a.list(&a.heard)) == 1 })
	restore := through.cut()
	post(t, m, numbered("alice", 1, 20)...)
	post(t, m, matchq.Message{Player: "bob", Event: "hello"})
	b.arrive(t, "carol", "elsewhere")
	restore()
	redistest.Eventually(t, "the rest is heard", func() bool { return len(a.list(&a.heard)) == 21 })
	var got []string
	for _, text := range a.list(&a.heard) {
		if number, ok := strings.CutPrefix(text, "alice number "); ok {
			got = append(got, number)
		}
	}
	for i := range 20 {
		if got[i] != fmt.Sprint(i) {
			t.Fatalf("alice heard %v", got)
		}
	}
	redistest.Eventually(t, "carol's connection is known to be replaced", func() bool {
		return slices.Contains(a.list(&a.replaced), "carol carol")
	})
	post(t, m, matchq.Message{Player: "alice", Event: "last", Data: json.RawMessage("1")})
	redistest.Eventually(t, "it goes on", func() bool { return slices.Contains(a.list(&a.heard), "alice last 1") })
}

// Connections that end while Redis is away are told when it is back.
func TestLeaveWhileRedisIsAway(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{Timeout: 100 * time.Millisecond, Interval: time.Hour}))
	a := startNode(t, m, matchq.NodeConfig{Grace: 10 * time.Millisecond})
	a.arrive(t, "alice", "a1")
	made := enqueueWhileOnline(t, m, "history", "alice")
	env.Server.Stop()
	if err := a.Leave(t.Context(), "alice", "a1"); !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("leave: %v", err)
	}
	if _, err := a.Arrive(t.Context(), "bob", "a2", ""); !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("arrive: %v", err)
	}
	env.Server.Continue()
	redistest.Eventually(t, "the ticket is cancelled", func() bool {
		got, err := m.Ticket(t.Context(), made.ID)
		return err == nil && got.State == matchq.Cancelled
	})
	redistest.Eventually(t, "nobody is there", func() bool { return whereIs(t, m, "bob") == "offline" })
}

// After an outage longer than the lease nobody is given up who is still connected.
func TestOutageLongerThanTheLease(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{Timeout: 200 * time.Millisecond, Interval: 20 * time.Millisecond}))
	a := startNode(t, m, matchq.NodeConfig{Lease: 100 * time.Millisecond})
	b := startNode(t, m, matchq.NodeConfig{Lease: 100 * time.Millisecond})
	a.arrive(t, "alice", "a1")
	b.arrive(t, "bob", "b1")
	made := enqueueWhileOnline(t, m, "history", "alice")
	env.Server.Stop()
	if _, err := m.Online(t.Context(), "alice"); err == nil { // takes the time-out
		t.Error("redis is not away")
	}
	env.Server.Continue()
	redistest.Eventually(t, "both are there", func() bool {
		found, err := m.Online(t.Context(), "alice", "bob")
		return err == nil && found[0] != nil && found[1] != nil
	})
	if got, err := m.Ticket(t.Context(), made.ID); err != nil || got.State != matchq.Waiting {
		t.Errorf("alice's ticket: %+v, %v", got, err)
	}
	if len(a.list(&a.gone))+len(b.list(&b.gone)) > 0 {
		t.Errorf("gone: %v, %v", a.list(&a.gone), b.list(&b.gone))
	}
}

// An arrival that was given up gets through in the end: nobody is there all the same, and who was before still is.
func TestAnArrivalThatComesLate(t *testing.T) {
	env := redistest.Real(t)
	m := newMatcher(t, env, quiet(matchq.Config{Timeout: 100 * time.Millisecond}))
	through := newProxy(t, env.Server.Addr)
	mine, err := matchq.New(through.client(t), m.Config())
	if err != nil {
		t.Fatal(err)
	}
	a := newNode(t, mine, matchq.NodeConfig{ID: "a", Grace: time.Hour})
	a.SyncEvery(30 * time.Millisecond)
	a.run(t)
	a.arrive(t, "alice", "a1")
	release := through.holdRequests(hashOf(t, "arrive"))
	for player, conn := range map[string]string{"alice": "a2", "bob": "b1"} {
		if _, err := a.Arrive(t.Context(), player, conn, ""); !errors.Is(err, matchq.ErrUnavailable) {
			t.Errorf("arrive: %v", err)
		}
	}
	release()
	redistest.Eventually(t, "Redis knows how it is", func() bool {
		bob := whereIs(t, m, "bob")
		return whereIs(t, m, "alice") == "a1" && (bob == "offline" || bob == "b1 away")
	})
	post(t, m, numbered("alice", 0, 1)...)
	redistest.Eventually(t, "alice hears", func() bool { return slices.Contains(a.list(&a.heard), "a1 number 0") })
}
