// Presence is a WebSocket game server of which any number of processes share a Redis: players of all processes meet,
// each hears of the match on their own connection, and the other processes notice if one is killed.
package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
)

// options are those of the command line.
type options struct {
	addr, redisURL string
	grace          time.Duration
}

func main() {
	var o options
	flag.StringVar(&o.addr, "addr", "127.0.0.1:8080", "where to listen")
	flag.StringVar(&o.redisURL, "redis", "redis://127.0.0.1:6379/0", "the Redis that all processes share")
	flag.DurationVar(&o.grace, "grace", 5*time.Second, "how long a player may be away")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Stdout, o); err != nil {
		fmt.Fprintln(os.Stderr, "presence:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends, or until something fails that repeating won't change.
func run(ctx context.Context, out io.Writer, o options) error {
	redisOptions, err := redis.ParseURL(o.redisURL)
	if err != nil {
		return err
	}
	redisOptions.ContextTimeoutEnabled = true
	rdb := redis.NewClient(redisOptions)
	defer rdb.Close()
	m, err := matchq.New(rdb, matchq.Config{Namespace: "duels", Interval: matchq.AtOnce})
	if err != nil {
		return err
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		return err
	}
	g := newGame(m, p)
	g.node, err = p.Join(presence.NodeConfig{
		Grace: o.grace, Lease: 2 * o.grace, OnMessage: g.tell, OnReplaced: g.replaced, OnGone: g.gone,
	})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", o.addr)
	if err != nil {
		return err
	}
	web := &http.Server{Handler: g.routes(), ReadHeaderTimeout: 5 * time.Second}
	fmt.Fprintf(out, "play at ws://%s/play?player=alice\n", listener.Addr())

	// All of these end when one fails. Each process runs them all: whichever is there first does the work.
	tasks, working := errgroup.WithContext(ctx)
	tasks.Go(func() error { return m.Run(working) })
	tasks.Go(func() error { return g.node.Run(working) })
	tasks.Go(func() error { return m.Consume(working, matchq.ConsumeOptions{Group: "tell"}, g.matched) })
	tasks.Go(func() error { return web.Serve(listener) })
	tasks.Go(func() error {
		<-working.Done()
		leaving, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		shut := g.node.Shutdown(leaving) // the grace of its players begins now, and not when the lease ends
		return cmp.Or(shut, g.melody.Close(), web.Shutdown(leaving))
	})
	if err := tasks.Wait(); err != nil && !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
