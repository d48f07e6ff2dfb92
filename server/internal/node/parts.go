package node

import (
	"context"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/dashboard"
	"github.com/matchq/matchq/server/internal/events"
	"github.com/matchq/matchq/server/internal/history"
	"github.com/matchq/matchq/server/internal/httpapi"
	"github.com/matchq/matchq/server/internal/identity"
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
	"github.com/matchq/matchq/server/internal/status"
	"github.com/matchq/matchq/server/internal/wsock"
)

// parts are what a node is made of.
type parts struct {
	redis    *redisconn.Conn
	matcher  *matchq.Matcher
	position string // where the event stream stood before anybody could be queued here

	source   questions.Source
	rooms    *rooms.Rooms
	index    *sessions.Index
	presence *matchq.Node

	queues    *queuelist.List
	metrics   *metrics.Metrics
	recorder  *history.Recorder
	dashboard *dashboard.Feed

	guard    *identity.Guard
	intake   *intake.Intake
	notifier *notify.Notifier
	api      *httpapi.API
	sockets  *wsock.Sockets
}

// assemble makes the parts, each from those before it.
func (n *Node) assemble(ctx context.Context) error {
	for _, assemble := range []func(context.Context) error{n.assembleQueues, n.assembleGames, n.assembleWatching, n.assembleDoors} {
		if err := assemble(ctx); err != nil {
			return err
		}
	}
	return nil
}

// assembleQueues makes what matches players.
func (n *Node) assembleQueues(ctx context.Context) error {
	config := n.flags.Matchq()
	config.Logger = n.log
	config.OnTick = func(r matchq.TickReport) { // nothing ticks before all is assembled
		n.metrics.Ticked(r)
		n.recorder.Ticked(r)
	}
	var err error
	if n.matcher, err = matchq.New(n.redis, config); err != nil {
		return err
	}
	n.queues = &queuelist.List{Matcher: n.matcher}
	n.position, err = n.matcher.Position(ctx)
	return err
}

// assembleGames makes what lets them play, and knows who is connected.
func (n *Node) assembleGames(context.Context) error {
	var err error
	if n.source, err = questions.New(n.flags.Questions); err != nil {
		return fmt.Errorf("--questions: %w", err)
	}
	n.rooms = rooms.New(n.matcher, n.source, n.flags.Game, n.log)
	n.index = sessions.NewIndex()
	n.presence, err = n.matcher.NewNode(matchq.NodeConfig{
		Grace: max(n.flags.Grace, time.Millisecond), Version: Version(),
		OnMessage: n.index.Message, OnReplaced: n.index.Replaced, OnGone: n.rooms.Gone,
	})
	if err != nil {
		return err
	}
	n.index.Attach(&rooms.Presence{Node: n.presence, Rooms: n.rooms})
	return nil
}

// assembleWatching makes what operators look at.
func (n *Node) assembleWatching(ctx context.Context) error {
	n.metrics = metrics.New(n.work, metrics.Options{
		Matcher: n.matcher, Queues: n.queues, Connections: func() int { return n.sockets.Open() }, DropReasons: wsock.DropReasons,
		Version: Version(), Log: n.log,
	})
	n.recorder = history.New(n.matcher, n.queues, n.presence.ID(), n.log)
	n.recorder.Begin(ctx)
	n.dashboard = dashboard.New(dashboard.Options{
		Matcher: n.matcher, Queues: n.queues, Redis: n.redis, Log: n.log,
		Config: dashboard.Config{
			IntervalMs: n.flags.Interval.Milliseconds(), MatchSize: n.flags.MatchSize,
			ReadyTimeoutMs: n.flags.ReadyTimeout.Milliseconds(), Version: Version(), Node: n.presence.ID(),
		},
	})
	return nil
}

// assembleDoors makes what clients come in by, and what tells them.
func (n *Node) assembleDoors(context.Context) error {
	proxies, err := n.flags.Proxies()
	if err != nil {
		return err
	}
	if n.guard, err = n.flags.Guard(); err != nil {
		return err
	}
	files, err := pages.New(n.flags.HasDemo())
	if err != nil {
		return err
	}
	preview := status.Preview(func(set, room string) []questions.Asked { return questions.Sent(n.work, n.source, set, room) })
	n.intake = &intake.Intake{
		Matcher: n.matcher,
		Limits:  limit.New(n.redis, n.flags.Namespace, n.flags.RateLimit, n.flags.RateLimitAddress),
		Games:   n.rooms,
		Queued:  n.metrics.Queued,
	}
	waiters := notify.NewWaiters()
	n.notifier = &notify.Notifier{
		Matcher: n.matcher, Index: n.index, Waiters: waiters, Preview: preview, Log: n.log,
		Told: []func([]matchq.Event){n.metrics.Told, n.recorder.Told},
	}
	n.api = httpapi.New(httpapi.Options{
		Matcher: n.matcher, Intake: n.intake, Waiters: waiters, Guard: n.guard, Queues: n.queues, Waits: n.places(), Log: n.log,
		NodeID: n.presence.ID(), Pages: files, Questions: n.source, Demo: n.flags.HasDemo(), Dashboard: n.dashboard,
		Metrics: n.metrics.Handler(),
		Prefix:  n.flags.PathPrefix, LoopbackOnly: n.flags.Loopback(), AllowedOrigins: n.flags.AllowedOrigin, Proxies: proxies,
	})
	handlers := &events.Events{
		Matcher: n.matcher, Intake: n.intake, Queues: n.queues, Index: n.index, Rooms: n.rooms, Preview: preview,
		Grace: n.flags.Grace, Log: n.log,
	}
	n.sockets = wsock.New(n.work, wsock.Options{
		Events: handlers, Guard: n.guard, Log: n.log, Namespace: n.flags.Namespace, Refused: httpapi.WriteFault,
		Resume: handlers.Resume, Places: n.places(), Dropped: n.metrics.Dropped,
	})
	n.api.Sockets("/ws", n.sockets.Plain)
	n.api.Sockets("/socket.io/", n.sockets.SocketIO)
	n.api.Sockets("/socket.io", n.sockets.SocketIO)
	return nil
}

// Version is that of this build, as operators see it.
func Version() string {
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
