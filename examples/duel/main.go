// Duel is rock, paper, scissors over WebSockets, on any number of processes: opponents may be connected to different ones,
// connect again to another one, and hear that the other player has left.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/signal"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
)

func main() {
	addr := flag.String("addr", "127.0.0.1:8080", "address to listen on")
	redisAddr := flag.String("redis", "127.0.0.1:6379", "address of the Redis that all processes share")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	rdb := redis.NewClient(&redis.Options{Addr: *redisAddr, ContextTimeoutEnabled: true})
	defer rdb.Close()
	if err := run(ctx, os.Stdout, rdb, *addr, 5*time.Second); err != nil {
		fmt.Fprintln(os.Stderr, "duel:", err)
		os.Exit(1)
	}
}

// run serves until ctx ends. grace is how long a player whose connection broke may take to come back.
func run(ctx context.Context, out io.Writer, rdb *redis.Client, addr string, grace time.Duration) error {
	m, err := matchq.New(rdb, matchq.Config{Namespace: "duel", Interval: matchq.AtOnce})
	if err != nil {
		return err
	}
	p, err := presence.New(m, presence.Config{})
	if err != nil {
		return err
	}
	s := &server{game: game{m, p, rooms.New(p)}}
	s.node, err = p.Join(presence.NodeConfig{Grace: grace, OnMessage: s.tell, OnReplaced: s.replaced, OnGone: s.gone})
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", addr)
	if err != nil {
		return err
	}
	playing, stopPlaying := context.WithCancel(ctx) // ends the connections
	defer stopPlaying()
	working, stopWorking := context.WithCancel(context.WithoutCancel(ctx))
	defer stopWorking()
	web := &http.Server{
		Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 5 * time.Second,
		BaseContext: func(net.Listener) context.Context { return playing },
	}
	var work sync.WaitGroup
	failed := make(chan error, 3)
	for _, job := range []func() error{
		func() error { return web.Serve(listener) },
		func() error { return m.Run(working) },
		func() error { return s.node.Run(working) },
	} {
		work.Go(func() { failed <- job() })
	}
	fmt.Fprintf(out, "duel at ws://%s/?player=alice\n", listener.Addr())
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	// In this order: no new connections, no connections, tell Redis that they have ended, stop working.
	stopPlaying()
	patience, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = errors.Join(err, web.Shutdown(patience))
	s.connections.Wait()
	err = errors.Join(err, s.node.Shutdown(patience))
	stopWorking()
	work.Wait()
	return err
}
