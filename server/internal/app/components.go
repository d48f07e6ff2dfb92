package app

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/base/logouts"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/turns"
	httpdoor "github.com/matchq/matchq/server/internal/door/http"
	"github.com/matchq/matchq/server/internal/door/pages"
	"github.com/matchq/matchq/server/internal/door/ws"
	"github.com/matchq/matchq/server/internal/ops/adminlog"
	"github.com/matchq/matchq/server/internal/ops/feed"
	"github.com/matchq/matchq/server/internal/ops/metrics"
	"github.com/matchq/matchq/server/internal/ops/recorder"
	"github.com/matchq/matchq/server/internal/ops/webhooks"
	"github.com/matchq/matchq/server/internal/play/commands"
	"github.com/matchq/matchq/server/internal/play/games"
	"github.com/matchq/matchq/server/internal/play/intake"
	"github.com/matchq/matchq/server/internal/play/notify"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/sessions"
	"github.com/matchq/matchq/server/internal/play/watch"
)

// components are the parts of a server.
type components struct {
	redis    *redisconn.Conn
	monitor  *redisconn.Monitor
	limits   *limits.Limiter
	matcher  *matchq.Matcher
	presence *presence.Presence
	rooms    *rooms.Rooms
	history  *history.History
	position string // in the event stream, from before any ticket of this server

	source   questions.Source
	sessions *sessions.Registry
	games    *games.Games

	queues    *queuecache.Cache
	metrics   *metrics.Metrics
	recorder  *recorder.Recorder
	dashboard *feed.Feed
	webhooks  *webhooks.Webhooks

	guard    *identity.Guard
	intake   *intake.Intake
	turns    *turns.Turns
	notifier *notify.Notifier
	announce *notify.Announcer
	watcher  *watch.Watcher
	api      *httpdoor.API
	sockets  *ws.Sockets
}

// assemble makes the components, in the order of their dependencies.
func (s *Server) assemble(ctx context.Context) error {
	for _, assemble := range []func(context.Context) error{s.assembleRedis, s.assembleQueues, s.assembleGames, s.assembleWatching, s.assembleWebhooks, s.assembleDoors} {
		if err := assemble(ctx); err != nil {
			return err
		}
	}
	return nil
}

// assembleRedis makes the components that ask Redis directly. It is an error if Redis would refuse the server's work: a
// server that is ready and tells nobody is worse than none.
func (s *Server) assembleRedis(ctx context.Context) error {
	tag := "{" + s.config.Namespace + "}"
	s.monitor = redisconn.NewMonitor(s.redis, tag, s.log)
	s.limits = limits.New(s.redis, s.config.Namespace, s.config.RateLimit, s.config.RateLimitAddress, s.config.CallTimeout)
	if policy := s.redis.EvictionPolicy(ctx, tag); policy != "" && policy != "noeviction" {
		s.log.Warn("a full Redis drops keys, and tickets with them: set maxmemory-policy noeviction", "maxmemory-policy", policy)
	}
	return redisconn.CheckAll(ctx, s.redis.Writes(tag), s.redis.Publishes(tag), s.redis.Subscribes(tag),
		redisconn.Check{What: "count rate limits in " + tag + ":rate:*", Try: s.limits.Check})
}

// assembleQueues makes the matcher, and the parts of the library beside it.
func (s *Server) assembleQueues(ctx context.Context) error {
	config := s.config.MatcherConfig()
	config.Logger, config.By = s.log, thisMachine()
	config.Hooks.Ticked = func(r matchq.TickReport) { s.recorder.Ticked(r) } // called only once everything is assembled
	config.OnLoss = func() {                                                 // likewise
		s.dashboard.Lost()
		s.watcher.Doubt()
	}
	var err error
	if s.matcher, err = matchq.New(s.redis.UniversalClient, config); err != nil {
		return err
	}
	if s.presence, err = presence.New(s.matcher, presence.Config{MailboxKeep: s.config.MailboxKeep()}); err != nil {
		return err
	}
	if err := redisconn.CheckAll(ctx, redisconn.Check{What: "run the commands of the server", Try: s.presence.CheckRights}); err != nil {
		return err
	}
	s.rooms, s.history = rooms.New(s.presence), history.New(s.matcher)
	s.queues = queuecache.New(s.matcher)
	s.position, err = s.matcher.Position(ctx)
	return err
}

// assembleGames makes sessions and games.
func (s *Server) assembleGames(context.Context) error {
	var err error
	if s.source, err = questions.New(s.config.Questions, s.log); err != nil {
		return fmt.Errorf("--questions: %w", err)
	}
	s.sessions, err = sessions.New(s.presence, sessions.Config{
		Grace: max(s.config.Grace, time.Millisecond), Timeout: s.matcher.Config().Timeout,
		Version: Version(), Warning: func() string { return warning(s.matcher.Overruled()) },
	})
	if err != nil {
		return err
	}
	s.games = games.New(s.matcher, s.rooms, s.sessions, s.source, s.config.Game, s.log)
	return nil
}

// assembleWatching makes metrics, history and dashboard.
func (s *Server) assembleWatching(ctx context.Context) error {
	s.metrics = metrics.New(s.work, metrics.Options{
		Matcher: s.matcher, Queues: s.queues, Connections: func() int { return s.sockets.Open() }, DropReasons: ws.DropReasons,
		Version: Version(), Log: s.log,
	})
	s.recorder = recorder.New(s.history, s.queues, s.sessions.NodeID(), s.log)
	s.recorder.RecordBaseline(ctx)
	s.dashboard = feed.New(feed.Options{
		Matcher: s.matcher, Presence: s.presence, Rooms: s.rooms, History: s.history, Queues: s.queues, Redis: s.redis, Log: s.log,
		Version: Version(), Node: s.sessions.NodeID(), Refusal: s.monitor.Refusal,
	})
	return nil
}

// assembleWebhooks makes what posts events to operators' URLs.
func (s *Server) assembleWebhooks(context.Context) error {
	backoff := s.config.WebhookBackoff
	if backoff == nil {
		backoff = webhooks.Backoff
	}
	s.webhooks = webhooks.New(webhooks.Options{
		Matcher: s.matcher, URLs: s.config.Webhook, Kinds: s.config.WebhookKinds(), Secret: s.config.WebhookSecret,
		Backoff: backoff, Timeout: cmp.Or(s.config.WebhookTimeout, webhooks.Timeout), Version: Version(), Log: s.log,
		Match: httpdoor.MatchView, Ticket: httpdoor.TicketView, Count: s.metrics.Posted,
	})
	return nil
}

// assembleDoors makes intake, notifier, HTTP and sockets.
func (s *Server) assembleDoors(context.Context) error {
	proxies, err := s.config.Proxies()
	if err != nil {
		return err
	}
	if s.guard, err = s.config.Guard(); err != nil {
		return err
	}
	files, err := pages.New(s.config.HasDemo(), s.config.PathPrefix)
	if err != nil {
		return err
	}
	s.intake = &intake.Intake{
		Matcher: s.matcher,
		Limits:  s.limits,
		Games:   s.games,
		Lookups: intake.NewLookups(s.matcher, s.games),
		Admit:   (&queuecache.Admission{Cache: s.queues, Max: s.config.MaxQueues}).Admit,
		Queued:  func(t *matchq.Ticket) { s.announce.TicketMade(t) },
	}
	s.turns = turns.New(atOnce, maxWaiting)
	s.notifier = &notify.Notifier{
		Matcher: s.matcher, Presence: s.presence, Sessions: s.sessions, Log: s.log,
		Preview:   func(set, room string) []questions.Public { return questions.PreviewOf(s.work, s.source, set, room) },
		EndGame:   s.games.EndReleased,
		Observers: []func([]matchq.Event){s.metrics.Observe, s.recorder.Observe},
	}
	s.announce = notify.NewAnnouncer(s.notifier, s.config.Grace)
	s.watcher = &watch.Watcher{Matcher: s.matcher, Sessions: s.sessions, Notifier: s.notifier, Rooms: s.games, Log: s.log, Observe: s.dashboard.Observe}
	s.api = httpdoor.New(httpdoor.Options{
		Matcher: s.matcher, Presence: s.presence, Intake: s.intake, Turns: s.turns, Watcher: s.watcher, Guard: s.guard, Logouts: logouts.New(s.redis, s.config.Namespace), Queues: s.queues, PollSlots: s.slots(), Log: s.log,
		NodeID: s.sessions.NodeID(), Pages: files, Questions: s.source, Demo: s.config.HasDemo(), Dashboard: s.dashboard, History: s.history, AdminLog: adminlog.New(s.redis, s.config.Namespace), Webhooks: s.webhooks,
		Metrics: s.metrics.Handler(), Refusal: s.monitor.Refusal,
		Prefix: s.config.PathPrefix, LoopbackOnly: s.config.Loopback(), AllowedOrigins: s.config.AllowedOrigin, Proxies: proxies,
	})
	handlers := &commands.Handlers{
		Matcher: s.matcher, Tickets: commands.GatherTickets(s.matcher), Missed: commands.GatherMailboxes(s.matcher, s.presence), Intake: s.intake, Turns: s.turns, Queues: s.queues,
		Sessions: s.sessions, Games: s.games, Notifier: s.notifier, Grace: s.config.Grace, Log: s.log,
	}
	s.sockets = ws.New(s.work, ws.Options{
		Commands: handlers, Sessions: s.sessions, Guard: s.guard, Log: s.log, Namespace: s.config.Namespace, Refuse: httpdoor.WriteError,
		Resume: handlers.Resume, Slots: s.slots(), Dropped: s.metrics.Dropped,
	})
	s.api.Sockets("/ws", s.sockets.Plain, http.MethodGet)
	for _, path := range []string{"/socket.io/", "/socket.io"} {
		s.api.Sockets(path, s.sockets.SocketIO, http.MethodGet, http.MethodPost)
	}
	return nil
}

// Bounds of a node: how many requests work at once, so few that none waits for Redis as long as its time-out, and how
// many wait. With these, 15,000 sockets that ask in one moment are served within three seconds on two cores.
const (
	atOnce     = 256
	maxWaiting = 20_000
)
