// Package node puts the parts of the server together, runs them and stops them in order.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/dashboard"
	"github.com/matchq/matchq/server/internal/events"
	"github.com/matchq/matchq/server/internal/flags"
	"github.com/matchq/matchq/server/internal/history"
	"github.com/matchq/matchq/server/internal/httpapi"
	"github.com/matchq/matchq/server/internal/intake"
	"github.com/matchq/matchq/server/internal/limit"
	"github.com/matchq/matchq/server/internal/metrics"
	"github.com/matchq/matchq/server/internal/notify"
	"github.com/matchq/matchq/server/internal/pages"
	"github.com/matchq/matchq/server/internal/questions"
	"github.com/matchq/matchq/server/internal/queuelist"
	"github.com/matchq/matchq/server/internal/redisconn"
	"github.com/matchq/matchq/server/internal/rooms"
	"github.com/matchq/matchq/server/internal/sessions"
	"github.com/matchq/matchq/server/internal/wsock"
)

// stopPatience is how long stopping may take.
const stopPatience = 10 * time.Second

// Node is one running server.
type Node struct {
	flags     *flags.Flags
	log       *slog.Logger
	redis     *redisconn.Conn
	matcher   *matchq.Matcher
	presence  *matchq.Node
	index     *sessions.Index
	rooms     *rooms.Rooms
	notifier  *notify.Notifier
	api       *httpapi.API
	sockets   *wsock.Sockets
	recorder  *history.Recorder
	dashboard *dashboard.Feed
	listener  net.Listener
	position  string // where the event stream stood before anybody could be queued here
	ticked    []func(matchq.TickReport)

	work    context.Context // of everything that runs until the node has stopped
	endWork context.CancelFunc
	working sync.WaitGroup
}

// Start connects to Redis and listens. Run must be called next.
func Start(ctx context.Context, f *flags.Flags, log *slog.Logger) (*Node, error) {
	n := &Node{flags: f, log: log}
	var err error
	if n.redis, err = redisconn.Open(ctx, f.Redis); err != nil {
		return nil, err
	}
	n.work, n.endWork = context.WithCancel(context.WithoutCancel(ctx))
	if err := n.assemble(ctx); err != nil {
		n.endWork()
		_ = n.redis.Close()
		return nil, err
	}
	return n, nil
}

func (n *Node) assemble(ctx context.Context) error {
	config := n.flags.Matchq()
	config.Logger = n.log
	config.OnTick = func(r matchq.TickReport) {
		for _, see := range n.ticked { // which is complete before anything ticks
			see(r)
		}
	}
	var err error
	if n.matcher, err = matchq.New(n.redis, config); err != nil {
		return err
	}
	if n.position, err = n.matcher.Position(ctx); err != nil {
		return err
	}
	proxies, err := n.flags.Proxies()
	if err != nil {
		return err
	}
	guard, err := n.flags.Guard()
	if err != nil {
		return err
	}
	source, err := questions.New(n.flags.Questions)
	if err != nil {
		return fmt.Errorf("--questions: %w", err)
	}
	n.rooms = rooms.New(n.matcher, source, n.flags.Game, n.log)
	preview := func(set, room string) []questions.Asked { return questions.Sent(n.work, source, set, room) }
	queues := &queuelist.List{Matcher: n.matcher}
	measured := metrics.New(n.work, metrics.Options{
		Matcher: n.matcher, Queues: queues, Connections: func() int { return n.sockets.Open() }, DropReasons: wsock.DropReasons,
		Version: version(), Log: n.log,
	})
	n.ticked = append(n.ticked, measured.Ticked)
	n.index = sessions.NewIndex()
	n.presence, err = n.matcher.NewNode(matchq.NodeConfig{
		Grace: max(n.flags.Grace, time.Millisecond), Version: version(),
		OnMessage: n.index.Message, OnReplaced: n.index.Replaced, OnGone: n.rooms.Gone,
	})
	if err != nil {
		return err
	}
	n.index.Attach(&rooms.Presence{Node: n.presence, Rooms: n.rooms})
	taking := &intake.Intake{
		Matcher: n.matcher,
		Limits:  limit.New(n.redis, n.flags.Namespace, n.flags.RateLimit, n.flags.RateLimitAddress),
		Games:   n.rooms,
		Queued:  measured.Queued,
	}
	files, err := pages.New(n.flags.HasDemo())
	if err != nil {
		return err
	}
	n.recorder = history.New(n.matcher, queues, n.presence.ID(), n.log)
	n.ticked = append(n.ticked, n.recorder.Ticked)
	n.dashboard = dashboard.New(dashboard.Options{
		Matcher: n.matcher, Queues: queues, Redis: n.redis, Namespace: n.flags.Namespace, Log: n.log,
		Config: dashboard.Config{
			IntervalMs: n.flags.Interval.Milliseconds(), MatchSize: n.flags.MatchSize,
			ReadyTimeoutMs: n.flags.ReadyTimeout.Milliseconds(), Version: version(), Node: n.presence.ID(),
		},
	})
	waiters := notify.NewWaiters()
	n.notifier = &notify.Notifier{Matcher: n.matcher, Index: n.index, Waiters: waiters, Preview: preview, Log: n.log}
	n.notifier.Told = append(n.notifier.Told, n.recorder.Told, measured.Told)
	n.api = httpapi.New(httpapi.Options{
		Matcher: n.matcher, Intake: taking, Waiters: waiters, Guard: guard, Queues: queues, Waits: n.places(), Log: n.log,
		NodeID: n.presence.ID(), Pages: files, Dashboard: n.dashboard, Metrics: measured.Handler(),
		Questions: source, Demo: n.flags.HasDemo(),
		Prefix: n.flags.PathPrefix, LoopbackOnly: n.flags.Loopback(), AllowedOrigins: n.flags.AllowedOrigin, Proxies: proxies,
	})
	handlers := &events.Events{
		Matcher: n.matcher, Intake: taking, Queues: queues, Index: n.index, Rooms: n.rooms, Preview: preview,
		Grace: n.flags.Grace, Log: n.log,
	}
	n.sockets = wsock.New(n.work, wsock.Options{
		Events: handlers, Guard: guard, Log: n.log, Namespace: n.flags.Namespace, Refused: httpapi.WriteFault,
		Resume: handlers.Resume, Places: n.places(), Dropped: measured.Dropped,
	})
	n.api.Sockets("/ws", n.sockets.Plain)
	n.api.Sockets("/socket.io/", n.sockets.SocketIO)
	n.api.Sockets("/socket.io", n.sockets.SocketIO)
	if n.listener, err = net.Listen("tcp", n.flags.Addr); err != nil {
		return fmt.Errorf("--addr: %w", err)
	}
	return nil
}

// version is that of this build, as operators see it.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok || info.Main.Version == "" {
		return "unknown"
	}
	return info.Main.Version
}

// mostPlaces is how many long polls and event streams together, and how many connections, an address may have open on a
// node.
const mostPlaces = 2000

// places bounds one of the two, unless nothing is to be limited.
func (n *Node) places() *limit.Places {
	if n.flags.RateLimitAddress.Off() {
		return &limit.Places{}
	}
	return &limit.Places{Most: mostPlaces}
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
		`curl -H 'Content-Type: application/json' `+proof+`-d '{"player":"alice"}' `+url+"/v1/queues/quiz/tickets")
}
