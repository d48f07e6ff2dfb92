// Package node puts the parts of the server together, runs them and stops them in order.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"syscall"
	"time"

	"github.com/matchq/matchq/server/internal/flags"
	"github.com/matchq/matchq/server/internal/redisconn"
)

// stopPatience is how long stopping may take.
const stopPatience = 10 * time.Second

// Node is one running server.
type Node struct {
	flags *flags.Flags
	log   *slog.Logger
	parts

	listener net.Listener
	work     context.Context // of everything that runs until the node has stopped
	endWork  context.CancelFunc
	working  sync.WaitGroup
}

// Start connects to Redis and listens. Run must be called next.
func Start(ctx context.Context, f *flags.Flags, log *slog.Logger) (*Node, error) {
	n := &Node{flags: f, log: log}
	var err error
	if n.redis, err = redisconn.Open(ctx, f.Redis); err != nil {
		return nil, err
	}
	n.work, n.endWork = context.WithCancel(context.WithoutCancel(ctx))
	if err = n.assemble(ctx); err == nil {
		n.listener, err = listen(f.Addr)
	}
	if err != nil {
		n.endWork()
		_ = n.redis.Close()
		return nil, err
	}
	return n, nil
}

func listen(addr string) (net.Listener, error) {
	listener, err := net.Listen("tcp", addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("--addr: another program listens on %s: end it, or choose another port, such as --addr 127.0.0.1:4001", addr)
	}
	if err != nil {
		return nil, fmt.Errorf("--addr: %w", err)
	}
	return listener, nil
}

// URL is where the node can be reached.
func (n *Node) URL() string {
	host, port, _ := net.SplitHostPort(n.listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + n.flags.PathPrefix
}

// Routes lists what the node answers by HTTP, as "METHOD /path/:parameter".
func (n *Node) Routes() []string { return n.api.Routes() }

// Run serves until ctx ends, and then stops in order. The error is why it could not go on.
func (n *Node) Run(ctx context.Context) error {
	n.announce()
	broken := make(chan error, 3)
	for _, run := range []func(context.Context) error{n.matcher.Run, n.presence.Run} {
		n.working.Go(func() {
			if err := run(n.work); err != nil {
				broken <- err
			}
		})
	}
	n.working.Go(func() { n.rooms.Run(n.work) })
	n.working.Go(func() { n.recorder.Run(n.work) })
	n.working.Go(func() { n.dashboard.Run(n.work) })
	n.working.Go(func() { n.notifier.Run(n.work, n.position) })
	n.working.Go(func() { n.notifier.Post(n.work, n.presence.ID()) })
	server := &http.Server{
		Handler: n.api, ReadHeaderTimeout: 5 * time.Second, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		ErrorLog: slog.NewLogLogger(n.log.Handler(), slog.LevelDebug),
	}
	n.working.Go(func() {
		if err := server.Serve(n.listener); !errors.Is(err, http.ErrServerClosed) {
			broken <- err
		}
	})
	var err error
	select {
	case <-ctx.Done():
	case err = <-broken:
	}
	n.stop(server)
	return err
}

// stop lets clients go first, so that they hear of it, then ends the work they needed, and Redis last. Those who were
// connected have the grace to come back by another node.
func (n *Node) stop(server *http.Server) {
	n.log.Info("shutting down")
	patience, cancel := context.WithTimeout(context.Background(), stopPatience)
	defer cancel()
	n.api.Drain()
	if err := n.presence.LeaveAll(patience); err != nil {
		n.log.Warn("other nodes will find out by themselves that this one has ended", "error", err)
	}
	stopped := make(chan struct{})
	go func() { // sockets are none of the http.Server's any more, so both end at the same time
		defer close(stopped)
		n.sockets.Close(patience)
	}()
	if err := server.Shutdown(patience); err != nil {
		_ = server.Close()
	}
	<-stopped
	n.endWork()
	n.working.Wait()
	if err := n.redis.Close(); err != nil {
		n.log.Debug("closing redis", "error", err)
	}
	n.log.Info("stopped")
}

// announce says where to find the server and what to do with it.
func (n *Node) announce() {
	if n.redis.Embedded() {
		n.log.Warn("embedded Redis: all data is lost on exit, and there can be one node only; --redis URL uses a real one")
	}
	if !n.flags.Loopback() && !n.flags.Guarded() {
		n.log.Warn("listening beyond loopback without --jwt-secret and --admin-token: whoever reaches this server can act for any player")
	}
	url, proof := n.URL(), ""
	if n.flags.JWTSecret != "" || n.flags.APIKey != "" {
		proof = `-H "Authorization: Bearer $TOKEN" `
	}
	if n.flags.HasDemo() {
		n.log.Info("play a quiz in the browser", "url", url+"/demo")
	}
	n.log.Info("listening", "url", url, "try",
		`curl -H 'Content-Type: application/json' `+proof+`-d '{"player":"alice"}' `+url+"/v1/queues/history/tickets")
}
