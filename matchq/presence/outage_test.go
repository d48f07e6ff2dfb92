package presence_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// A node tells an empty Redis which players are connected.
func TestPresenceAfterRedisWasEmptied(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	_, p := newPresence(t, env, quiet(matchq.Config{}))
	a := startNode(t, p, presence.NodeConfig{Lease: 400 * time.Millisecond})
	for i := range 300 {
		player := fmt.Sprint("player ", i)
		a.connect(t, player, "c"+player)
	}
	env.Server.Kill()
	_ = a.Disconnect(t.Context(), "player 7", "cplayer 7") // Redis is away
	env.Server.Restart()
	matchqtest.Eventually(t, "all are announced", func() bool {
		found, err := p.Online(t.Context(), "player 0", "player 299", "player 7")
		return err == nil && found[0] != nil && found[1] != nil && found[2] == nil
	})
	matchqtest.Eventually(t, "a message is heard", func() bool {
		_ = p.Send(t.Context(), presence.Message{Player: "player 299", Event: "hello", DedupKey: "once"})
		return slices.Contains(a.list(&a.heard), "cplayer 299 hello")
	})
}

// The subscription breaks. Missed messages arrive when it is back.
func TestMissedMessagesAreReadFromTheMailbox(t *testing.T) {
	env := matchqtest.Real(t)
	m, p := newPresence(t, env, quiet(matchq.Config{}))
	through := testkit.NewProxy(t, env.Server.Addr)
	_, mine := presenceOn(t, through.Client(t), m.Config(), presence.Config{})
	a := startNode(t, mine, presence.NodeConfig{Lease: time.Minute})
	b := startNode(t, p, presence.NodeConfig{})
	for _, player := range []string{"alice", "bob", "carol"} {
		a.connect(t, player, player)
	}
	send(t, p, numbered("alice", 0, 1)...)
	matchqtest.Eventually(t, "the first is heard", func() bool { return len(a.list(&a.heard)) == 1 })
	restore := through.Cut()
	send(t, p, numbered("alice", 1, 20)...)
	send(t, p, presence.Message{Player: "bob", Event: "hello"})
	b.connect(t, "carol", "elsewhere")
	restore()
	matchqtest.Eventually(t, "the rest is heard", func() bool { return len(a.list(&a.heard)) == 21 })
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
	matchqtest.Eventually(t, "carol's connection is known to be replaced", func() bool {
		return slices.Contains(a.list(&a.replaced), "carol carol")
	})
	send(t, p, presence.Message{Player: "alice", Event: "last", Data: json.RawMessage("1")})
	matchqtest.Eventually(t, "it goes on", func() bool { return slices.Contains(a.list(&a.heard), "alice last 1") })
}

// Connections that end while Redis is away are reported when it is back.
func TestDisconnectWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	m, p := newPresence(t, env, quiet(matchq.Config{Interval: time.Hour}))
	a := startNode(t, p, presence.NodeConfig{Grace: 10 * time.Millisecond})
	a.connect(t, "alice", "a1")
	made := enqueueWhileOnline(t, m, "history", "alice")
	env.Server.Stop()
	brief := func() context.Context {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	if err := a.Disconnect(brief(), "alice", "a1"); !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("disconnect: %v", err)
	}
	if _, err := a.Connect(brief(), "bob", "a2", ""); !errors.Is(err, matchq.ErrUnavailable) {
		t.Errorf("connect: %v", err)
	}
	env.Server.Continue()
	matchqtest.Eventually(t, "the ticket is cancelled", func() bool {
		got, err := m.Ticket(t.Context(), made.ID)
		return err == nil && got.State == matchq.Cancelled
	})
	matchqtest.Eventually(t, "nobody is there", func() bool { return whereIs(t, p, "bob") == "offline" })
}

// After an outage longer than the lease, players who are still connected are not evicted.
func TestOutageLongerThanTheLease(t *testing.T) {
	env := matchqtest.Real(t)
	m, p := newPresence(t, env, quiet(matchq.Config{Interval: 20 * time.Millisecond}))
	how := presence.NodeConfig{Lease: 300 * time.Millisecond, Grace: time.Hour} // a node that stalls may count as dead for a while
	a, b := startNode(t, p, how), startNode(t, p, how)
	a.connect(t, "alice", "a1")
	b.connect(t, "bob", "b1")
	made := enqueueWhileOnline(t, m, "history", "alice")
	env.Server.Stop()
	outage, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	if _, err := p.Online(outage, "alice"); err == nil {
		t.Error("redis is not away")
	}
	env.Server.Continue()
	matchqtest.Eventually(t, "both are there", func() bool {
		found, err := p.Online(t.Context(), "alice", "bob")
		return err == nil && found[0] != nil && found[1] != nil
	})
	if got, err := m.Ticket(t.Context(), made.ID); err != nil || got.State != matchq.Waiting {
		t.Errorf("alice's ticket: %+v, %v", got, err)
	}
	if len(a.list(&a.gone))+len(b.list(&b.gone)) > 0 {
		t.Errorf("gone: %v, %v", a.list(&a.gone), b.list(&b.gone))
	}
}

// An abandoned Connect reaches Redis late. It connects nobody, and the previous connection stays.
func TestAConnectThatComesLate(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	m, p := newPresence(t, env, quiet(matchq.Config{}))
	through := testkit.NewProxy(t, env.Server.Addr)
	_, mine := presenceOn(t, through.Client(t), m.Config(), presence.Config{})
	a := newNode(t, mine, presence.NodeConfig{ID: "a", Grace: time.Hour})
	a.SyncEvery(30 * time.Millisecond)
	a.run(t)
	a.connect(t, "alice", "a1")
	release := through.HoldRequests(testkit.HashOf(t, "presence/connect"))
	for player, conn := range map[string]string{"alice": "a2", "bob": "b1"} {
		abandoned, pass := testkit.Deadline(t.Context())
		go func() {
			<-through.Held
			pass()
		}()
		if _, err := a.Connect(abandoned, player, conn, ""); !errors.Is(err, matchq.ErrUnavailable) {
			t.Errorf("connect: %v", err)
		}
	}
	release()
	matchqtest.Eventually(t, "Redis knows how it is", func() bool {
		bob := whereIs(t, p, "bob")
		return whereIs(t, p, "alice") == "a1" && (bob == "offline" || bob == "b1 away")
	})
	send(t, p, numbered("alice", 0, 1)...)
	matchqtest.Eventually(t, "alice hears", func() bool { return slices.Contains(a.list(&a.heard), "a1 number 0") })
}
