package matchq_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

var timesFull = flag.Int("times-full", 2, "how often TestGuarantee10GoesOnWhileRedisIsFull fills Redis")

// usedMemory is how many bytes a Redis uses.
func usedMemory(t *testing.T, rdb redis.UniversalClient) int {
	t.Helper()
	for line := range strings.Lines(rdb.Info(t.Context(), "memory").Val()) {
		if text, ok := strings.CutPrefix(strings.TrimSpace(line), "used_memory:"); ok {
			used, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			return used
		}
	}
	t.Fatal("redis does not tell its memory")
	return 0
}

// fill fills a Redis, and returns the function that empties it.
func fill(t *testing.T, rdb redis.UniversalClient) (free func()) {
	t.Helper()
	must(t, rdb, "CONFIG", "SET", "maxmemory-policy", "noeviction", "maxmemory", usedMemory(t, rdb)+4<<20)
	var err error
	var fillers []string
	for err == nil {
		fillers = append(fillers, fmt.Sprint("filler", len(fillers)))
		err = rdb.Set(t.Context(), fillers[len(fillers)-1], strings.Repeat("x", 64<<10), 0).Err()
	}
	if !redis.HasErrorPrefix(err, "OOM") {
		t.Fatal(err)
	}
	must(t, rdb, "CONFIG", "SET", "maxmemory", usedMemory(t, rdb)-1<<20) // buffers of connections come and go
	return func() {
		if err := rdb.Unlink(context.Background(), fillers...).Err(); err != nil {
			t.Error(err)
		}
		must(t, rdb, "CONFIG", "SET", "maxmemory", "0")
	}
}

// crowded is a namespace in which something of everything is under way.
type crowded struct {
	m     *matchq.Matcher
	node  *presence.Node
	p     *presence.Presence
	r     *rooms.Rooms
	round int
	heard chan string

	memory *memory // keeps all that ends, but for the time in which a test waits for the contrary
}

// name is unique to the round.
func (c *crowded) name(of string) string { return fmt.Sprint(of, " ", c.round) }

func newCrowded(t *testing.T, env *matchqtest.Env, ready time.Duration) *crowded {
	t.Helper()
	c := &crowded{heard: make(chan string, 100), memory: newMemory(env.Client)}
	c.m = newMatcher(t, env, matchq.Config{
		Interval: 20 * time.Millisecond, Retention: time.Second, ReadyTimeout: ready, Logger: slog.New(slog.DiscardHandler),
	})
	var err error
	if c.p, err = presence.New(c.m, presence.Config{}); err != nil {
		t.Fatal(err)
	}
	c.r = rooms.New(c.p)
	c.node, err = c.p.Join(presence.NodeConfig{
		Grace: 50 * time.Millisecond, Lease: 500 * time.Millisecond, OnMessage: func(msg presence.Message) { c.heard <- msg.Event },
	})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// run runs it until the test ends.
func (c *crowded) run(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ran := make(chan error, 2)
	go func() { ran <- c.m.Run(ctx) }()
	go func() { ran <- c.node.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		for range 2 {
			if err := <-ran; err != nil {
				t.Errorf("run: %v", err)
			}
		}
	})
}

// enqueueFor queues a player, whatever was refused shortly before.
func (c *crowded) enqueueFor(t *testing.T, r matchq.Request) matchq.Ticket {
	t.Helper()
	made, err := c.m.Enqueue(t.Context(), r)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return made
}

// ends waits for a ticket's end.
func (c *crowded) ends(t *testing.T, made matchq.Ticket, state matchq.State, reason string) {
	t.Helper()
	matchqtest.Eventually(t, fmt.Sprintf("%s is %v", made.Player, state), func() bool {
		got, err := c.m.Ticket(t.Context(), made.ID)
		return err == nil && got.State == state && got.Reason == reason
	})
}

// check fails the test if a call failed.
func check(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

// refuses sees that a full Redis refuses new tickets, says so, and keeps nothing of them.
func (c *crowded) refuses(t *testing.T) {
	t.Helper()
	ctx := t.Context()
	for _, name := range []string{"refused", "refused too"} {
		_, err := c.m.Enqueue(ctx, matchq.Request{Queue: "refused", Player: name})
		var refused *matchq.RefusedError
		if !errors.As(err, &refused) || refused.Code != "OOM" || refused.Unknown || errors.Is(err, matchq.ErrUnavailable) {
			t.Errorf("enqueue, while Redis is full: %v", err)
		}
	}
	if queue, err := c.m.Queue(ctx, "refused"); err != nil || queue.Waiting != 0 {
		t.Errorf("refused tickets wait: %+v, %v", queue, err)
	}
	_, err := history.New(c.m).Record(ctx, history.Sample{Node: "node", Start: time.Now(), Payload: "x"})
	if !errors.Is(err, matchq.ErrRefused) {
		t.Errorf("a sample of the history, while Redis is full: %v", err)
	}
	if err := c.m.Check(ctx); !errors.Is(err, matchq.ErrRefused) {
		t.Errorf("check, while Redis is full: %v", err)
	}
	check(t, "the rights", c.p.CheckRights(ctx))
}

// goOn prepares something of everything, has something happen to Redis until it returns, and does all that must go on.
func (c *crowded) goOn(t *testing.T, happen func() (end func())) {
	t.Helper()
	ctx := t.Context()
	names := func(of string) (string, string) { return c.name(of), c.name(of + " too") }
	online, gone := names("online")
	_, err := c.node.Connect(ctx, online, c.name("c1"), "")
	check(t, "connect", err)
	_, err = c.node.Connect(ctx, gone, c.name("c2"), "")
	check(t, "connect", err)
	var made []matchq.Ticket
	for i, r := range []matchq.Request{
		{Queue: c.name("cancelled")}, {Queue: c.name("drained")}, {Queue: c.name("withdrawn")},
		{Queue: c.name("tied"), Player: gone, WhileOnline: true}, {Queue: c.name("expired"), TTL: time.Second},
	} {
		if r.Player == "" {
			r.Player = c.name(fmt.Sprint("player ", i))
		}
		made = append(made, c.enqueueFor(t, r))
	}
	_, err = c.r.Change(ctx, rooms.Change{ID: c.name("room"), Doc: []byte("1"), Keep: time.Hour, WakeAt: time.Now()})
	check(t, "change", err)

	defer happen()()
	check(t, "cancel", c.m.Cancel(ctx, made[0].ID, "enough"))
	c.ends(t, made[0], matchq.Cancelled, "enough")
	check(t, "pause", c.m.Pause(ctx, c.name("drained")))
	_, err = c.m.Drain(ctx, c.name("drained"))
	check(t, "drain", err)
	c.ends(t, made[1], matchq.Cancelled, matchq.ReasonDrained)
	check(t, "resume", c.m.Resume(ctx, c.name("drained")))
	check(t, "withdraw", c.m.Withdraw(ctx, "friends", time.Now(), made[2].Player))
	c.ends(t, made[2], matchq.Cancelled, "friends")
	check(t, "disconnect", c.node.Disconnect(ctx, gone, c.name("c2")))
	c.ends(t, made[3], matchq.Cancelled, matchq.ReasonDisconnected)
	c.ends(t, made[4], matchq.Expired, "")
	_, err = c.node.Connect(ctx, gone, c.name("c3"), "")
	check(t, "connect", err)
	check(t, "send", c.p.Send(ctx, presence.Message{Player: online, Event: c.name("hello")}))
	late := time.After(matchqtest.Patience)
	for event := ""; event != c.name("hello"); {
		select {
		case event = <-c.heard:
		case <-late:
			t.Fatal("a message was not heard")
		}
	}
	version, err := c.r.Change(ctx, rooms.Change{
		ID: c.name("room"), Version: 1, Doc: []byte("2"), Keep: time.Hour, Seats: []rooms.Seat{{Player: online}},
		Messages: []presence.Message{{Player: online, Event: "changed"}},
	})
	if err != nil || version != 2 {
		t.Errorf("change: %d, %v", version, err)
	}
	_, err = c.r.Change(ctx, rooms.Change{ID: c.name("room"), Version: 2})
	check(t, "remove a room", err)
	c.memory.keeps.Store(false)
	matchqtest.Eventually(t, "all are forgotten", func() bool {
		stats, err := c.m.Stats(ctx)
		return err == nil && stats.Stored == stats.Waiting+stats.Proposed
	})
	c.memory.keeps.Store(true)
	matchqtest.Eventually(t, "the lease runs", func() bool {
		nodes, err := c.p.Nodes(ctx)
		return err == nil && len(nodes) == 1
	})
	matchqtest.Eventually(t, "the player is still online", func() bool {
		found, err := c.p.Online(ctx, online)
		return err == nil && found[0] != nil && !found[0].Away
	})
}

// TestGuarantee10GoesOnWhileRedisIsFull fills Redis, again and again, and sees everything but new tickets go on.
func TestGuarantee10GoesOnWhileRedisIsFull(t *testing.T) {
	t.Parallel()
	for name, ready := range map[string]time.Duration{"without a ready check": 0, "with a ready check": 500 * time.Millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			env := matchqtest.Real(t)
			c := newCrowded(t, env, ready)
			c.run(t)
			for c.round = range *timesFull {
				c.goOn(t, func() func() {
					free := fill(t, env.Client)
					c.refuses(t)
					return free
				})
				c.match(t, func() func() { return fill(t, env.Client) })
				matchqtest.Eventually(t, "the audit adds up", func() bool {
					audit, err := c.m.AuditDeep(t.Context())
					return err == nil && audit.OK() && audit.Waiting == 0
				})
			}
		})
	}
}
