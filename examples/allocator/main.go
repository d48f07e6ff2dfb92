// Allocator gives each match a game server of a small fleet, by workers that may fail at any time.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

func main() {
	if err := run(context.Background(), os.Stdout, func() error { return nil }); err != nil {
		fmt.Fprintln(os.Stderr, "allocator:", err)
		os.Exit(1)
	}
}

// fleet is what hands out servers. To ask twice for the same match is to get the same server.
type fleet struct {
	mu   sync.Mutex
	free []string
	of   map[string]string // match → server; "" once its game is over
}

func (f *fleet) take(match string) (server string, ok bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if server, ok = f.of[match]; !ok && len(f.free) > 0 {
		server, ok = f.free[0], true
		f.free, f.of[match] = f.free[1:], server
	}
	return server, ok
}

func (f *fleet) giveBack(match string) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if server := f.of[match]; server != "" {
		f.free, f.of[match] = append(f.free, server), ""
	}
}

// options: a match without a server is tried again twenty times, for two seconds.
var options = matchq.ConsumeOptions{Group: "allocator", MaxDeliveries: 20, Backoff: []time.Duration{100 * time.Millisecond}}

// allocate gives a match its server. It may be called again for a match, so each of its steps is safe to repeat.
func (f *fleet) allocate(ctx context.Context, m *matchq.Matcher, event matchq.Event) error {
	server, ok := f.take(event.MatchID)
	if ok && server == "" {
		return nil // its game is over: only the acknowledgement had failed
	}
	if !ok && event.Delivery < options.MaxDeliveries {
		return errors.New("no server is free")
	}
	if !ok { // the players wait again, at the head of their line
		_, _, err := m.Release(ctx, event.MatchID, "no_server")
		return err
	}
	_, err := m.Assign(ctx, event.MatchID, matchq.Assignment{Connection: server})
	if errors.Is(err, matchq.ErrReleased) || errors.Is(err, matchq.ErrNotFound) {
		f.giveBack(event.MatchID)
		return nil // nobody waits for it any more
	}
	return err
}

// run plays three matches on two servers. fail is asked before and after each piece of work, and says whether that fails.
func run(ctx context.Context, out io.Writer, fail func() error) error {
	embedded := miniredis.NewMiniRedis()
	if err := embedded.Start(); err != nil {
		return err
	}
	defer embedded.Close()
	rdb := redis.NewClient(&redis.Options{Addr: embedded.Addr(), ContextTimeoutEnabled: true})
	defer rdb.Close()
	m, err := matchq.New(rdb, matchq.Config{Namespace: "allocator", Interval: matchq.AtOnce})
	if err != nil {
		return err
	}
	f := &fleet{free: []string{"10.0.0.1:7777", "10.0.0.2:7777"}, of: map[string]string{}}
	work := func(ctx context.Context) error {
		return m.Consume(ctx, options, func(ctx context.Context, event matchq.Event) error {
			return errors.Join(fail(), f.allocate(ctx, m, event), fail())
		})
	}
	ctx, stop := context.WithCancel(ctx)
	ended := make(chan error, 3)
	for _, job := range []func(context.Context) error{m.Run, work, work} {
		go func() { ended <- job(ctx) }()
	}
	for player := range strings.FieldsSeq("alice bob carol dave erin frank") {
		if _, err = m.Enqueue(ctx, matchq.Request{Queue: "arena", Player: player}); err != nil {
			break
		}
	}
	played := map[string]bool{}
	for event, failed := range m.Watch(ctx, matchq.FromOldest) {
		if failed == nil && event.Kind == matchq.Assigned && !played[event.MatchID] {
			played[event.MatchID] = true
			fmt.Fprintln(out, strings.Join(event.Match.Players(), " and "), "play on", event.Match.Assignment.Connection)
			time.AfterFunc(300*time.Millisecond, func() { f.giveBack(event.MatchID) }) // the game is over
		}
		if errors.Is(failed, matchq.ErrGap) || len(played) == 3 { // after an outage Watch goes on
			err = errors.Join(err, failed)
			break
		}
	}
	stop()
	return errors.Join(err, <-ended, <-ended, <-ended)
}
