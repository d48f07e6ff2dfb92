// Package app assembles the server, runs it and stops it in order.
package app

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/flags"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	httpdoor "github.com/matchq/matchq/server/internal/door/http"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

// stopTimeout bounds the time that stopping takes.
const stopTimeout = 10 * time.Second

// Config is the configuration of a server.
type Config struct {
	*flags.Flags

	Game quiz.Config // durations of invitations and games
	Log  *slog.Logger

	Terminal io.Writer // gets the first steps, for a person to copy; nil: there is no terminal
}

// NewConfig makes a Config of flags, with the protocol's durations of games.
func NewConfig(f *flags.Flags, log *slog.Logger) Config {
	c := Config{Flags: f, Game: quiz.Defaults(), Log: log}
	c.Game.Grace, c.Game.TTL = f.Grace, f.RoomTTL
	return c
}

// Server is a running server.
type Server struct {
	config Config
	log    *slog.Logger
	components

	listener  net.Listener
	newcomers newcomers
	work      context.Context // of all work, until the server has stopped
	endWork   context.CancelFunc
	working   sync.WaitGroup
}

// Start connects to Redis and listens. Run must follow.
func Start(ctx context.Context, c Config) (*Server, error) {
	s := &Server{config: c, log: c.Log}
	var err error
	if s.redis, err = redisconn.Open(ctx, c.Redis); err != nil {
		return nil, err
	}
	s.work, s.endWork = context.WithCancel(context.WithoutCancel(ctx))
	if err = s.assemble(ctx); err == nil {
		s.listener, err = s.listen()
	}
	if err != nil {
		s.endWork()
		_ = s.redis.Close()
		return nil, err
	}
	return s, nil
}

// URL is the server's address.
func (s *Server) URL() string {
	host, port, _ := net.SplitHostPort(s.listener.Addr().String())
	if ip := net.ParseIP(host); ip != nil && ip.IsUnspecified() {
		host = "localhost"
	}
	return "http://" + net.JoinHostPort(host, port) + s.config.PathPrefix
}

// Routes lists the HTTP routes, as "METHOD /path/:parameter".
func (s *Server) Routes() []string { return s.api.Routes() }

// Run serves until ctx ends, and then stops in order. It returns early with an error if the server can't go on.
func (s *Server) Run(ctx context.Context) error {
	s.logStart()
	broken := make(chan error, 3)
	for _, run := range []func(context.Context) error{s.matcher.Run, s.sessions.Run} {
		s.working.Go(func() {
			if err := run(s.work); err != nil {
				broken <- err
			}
		})
	}
	s.working.Go(func() { s.monitor.Run(s.work) })
	s.working.Go(func() { s.games.Run(s.work) })
	s.working.Go(func() { s.recorder.Run(s.work) })
	s.working.Go(func() { s.dashboard.Run(s.work) })
	s.working.Go(func() { s.watcher.Run(s.work, s.position) })
	s.working.Go(func() { s.notifier.Run(s.work, s.sessions.NodeID()) })
	s.working.Go(func() { s.announce.Run(s.work) })
	s.working.Go(func() { s.webhooks.Run(s.work) })
	server := &http.Server{
		Handler: s.api, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: httpdoor.WriteTimeout, IdleTimeout: 2 * time.Minute, MaxHeaderBytes: 32 << 10,
		DisableGeneralOptionsHandler: true, // it waits for a body without end
		ErrorLog:                     slog.NewLogLogger(s.log.Handler(), slog.LevelDebug),
		ConnState:                    s.newcomers.note,
	}
	s.working.Go(func() {
		if err := server.Serve(s.listener); !errors.Is(err, http.ErrServerClosed) {
			broken <- err
		}
	})
	var err error
	select {
	case <-ctx.Done():
	case err = <-broken:
	}
	s.stop(server)
	return err
}

// stop ends connections first, so that clients hear of it, then the work behind them, and Redis last. Players keep the
// grace to reconnect to another node.
func (s *Server) stop(server *http.Server) {
	s.log.Info("shutting down")
	stopping, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	s.api.Drain()
	if err := s.sessions.Shutdown(stopping); err != nil {
		s.log.Warn("other nodes will notice the end of this one by its lease", "error", err)
	}
	stopped := make(chan struct{})
	go func() { // http.Server does not know sockets, so both must end at the same time
		defer close(stopped)
		s.sockets.Close(stopping)
	}()
	hurry := time.AfterFunc(firstTimeout, s.newcomers.hurry)
	if err := server.Shutdown(stopping); err != nil {
		_ = server.Close()
	}
	hurry.Stop()
	<-stopped
	s.endWork()
	s.working.Wait()
	if err := s.redis.Close(); err != nil {
		s.log.Debug("closing redis", "error", err)
	}
	s.log.Info("stopped")
}

// logStart says what to know of this server, and at last where it listens.
func (s *Server) logStart() {
	if s.redis.Embedded() {
		s.log.Warn("embedded Redis: all data is lost on exit, and there can be one node only; --redis URL uses a real one")
	}
	if !s.config.Loopback() && !s.config.Guarded() {
		s.log.Warn("listening beyond loopback without --jwt-secret and --admin-token: every client can act for any player")
	}
	if s.config.Loopback() && s.config.JWTSecret == "" {
		s.log.Warn("clients prove no identity: every client can act for any player; set --jwt-secret to require tokens")
	}
	if len(s.config.Blank) > 0 {
		s.log.Warn("blank environment variables count as unset", "variables", s.config.Blank)
	}
	url := s.URL()
	if s.config.Terminal != nil {
		_, _ = io.WriteString(s.config.Terminal, s.banner(url)) // a terminal that has gone changes nothing
		return
	}
	s.log.Info("listening", "url", url)
}
