// Gameserver is an HTTP game server that embeds matchq: it answers a request to play when an opponent is found.
// Several of them on one Redis match each other's players.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	addr := os.Getenv("ADDR")
	if addr == "" {
		addr = "127.0.0.1:8080"
	}
	if err := run(ctx, os.Stdout, addr, os.Getenv("REDIS_URL")); err != nil {
		fmt.Fprintln(os.Stderr, "gameserver:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends.
func run(ctx context.Context, out io.Writer, addr, redisURL string) error {
	rdb, closeRedis, err := connect(ctx, redisURL)
	if err != nil {
		return err
	}
	defer closeRedis()
	m, err := matchq.New(rdb, matchq.Config{Namespace: "gameserver", Interval: time.Second, TTL: 30 * time.Second})
	if err != nil {
		return err
	}

	// Run ends when work does; if it fails the server ends.
	work, stopWork := context.WithCancelCause(context.WithoutCancel(ctx))
	defer stopWork(nil)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		if err := m.Run(work); err != nil {
			stopWork(err)
		}
	}()

	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	// Requests that wait for an opponent end when playing does, so that Shutdown need not wait for their matches.
	playing, stopPlaying := context.WithCancel(work)
	web := &http.Server{
		Handler:           (&server{m}).routes(),
		ReadHeaderTimeout: 5 * time.Second,
		BaseContext:       func(net.Listener) context.Context { return playing },
	}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	fmt.Fprintf(out, "play at http://%s/play?player=alice&quiz=history\n", listener.Addr())

	select {
	case err = <-served:
	case <-work.Done():
		err = context.Cause(work)
	case <-ctx.Done():
	}

	// In this order: accept no new requests, answer the waiting ones, cancel their tickets, and only then stop working.
	stopPlaying()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = errors.Join(err, web.Shutdown(patience))
	stopWork(nil)
	<-ended
	fmt.Fprintln(out, "bye")
	return err
}

// connect connects to the Redis at a URL, or to one inside this process if the URL is empty.
func connect(ctx context.Context, url string) (*redis.Client, func(), error) {
	if url == "" {
		embedded := miniredis.NewMiniRedis()
		if err := embedded.Start(); err != nil {
			return nil, nil, err
		}
		rdb := redis.NewClient(&redis.Options{Addr: embedded.Addr(), ContextTimeoutEnabled: true})
		return rdb, func() { _ = rdb.Close(); embedded.Close() }, nil
	}
	options, err := redis.ParseURL(url)
	if err != nil {
		return nil, nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	options.ContextTimeoutEnabled = true
	rdb := redis.NewClient(options)
	if err := rdb.Ping(ctx).Err(); err != nil {
		_ = rdb.Close()
		return nil, nil, fmt.Errorf("REDIS_URL: %w", err)
	}
	return rdb, func() { _ = rdb.Close() }, nil
}
