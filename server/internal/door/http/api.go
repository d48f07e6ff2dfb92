// Package httpdoor is the server's HTTP side: JSON calls below /v1, health, pages, and the upgrade to sockets.
package httpdoor

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/presence"
	"github.com/matchq/matchq/server/internal/base/blob"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/base/logouts"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/base/turns"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/door/pages"
	"github.com/matchq/matchq/server/internal/ops/adminlog"
	"github.com/matchq/matchq/server/internal/ops/feed"
	"github.com/matchq/matchq/server/internal/ops/webhooks"
	"github.com/matchq/matchq/server/internal/play/intake"
	"github.com/matchq/matchq/server/internal/play/questions"
	"github.com/matchq/matchq/server/internal/play/watch"
)

// Options are the dependencies and settings of an API.
type Options struct {
	Matcher   *matchq.Matcher
	Presence  *presence.Presence
	Intake    *intake.Intake
	Turns     *turns.Turns // of requests for tickets
	Watcher   *watch.Watcher
	Guard     *identity.Guard
	Logouts   *logouts.Logouts // of operators
	Queues    *queuecache.Cache
	PollSlots *limits.Slots // for long polls and event streams
	Log       *slog.Logger
	NodeID    string // of this node in Redis
	Pages     *pages.Pages
	Metrics   http.Handler // for Prometheus

	// Refusal returns the error with which Redis refuses all calls at this time; nil if it does not refuse.
	Refusal func() *wire.Error

	Dashboard *feed.Feed
	History   *history.History
	AdminLog  *adminlog.Log
	Webhooks  *webhooks.Webhooks

	Questions questions.Source
	Demo      bool // /demo is served

	Prefix         string // path below which all routes live; "" or "/…"
	LoopbackOnly   bool   // the Host header must be this machine's
	AllowedOrigins []string
	Proxies        []*net.IPNet
}

// API answers HTTP requests.
type API struct {
	Options
	wrongTokens limits.WrongTokens // for the admin token
	refusals    rate.Sometimes     // limits the log lines about foreign hosts and origins
	origins     map[string]bool
	hosts       map[string]bool
	sockets     map[string]bool // paths of Sockets
	echo        *echo.Echo
	root        *echo.Group
	draining    atomic.Bool

	questionnaires func() *blob.Blob

	stop    context.Context // ends when long polls must be answered
	stopNow context.CancelFunc
}

// New makes an API.
func New(o Options) *API {
	a := &API{Options: o, echo: echo.New(), sockets: map[string]bool{}}
	a.questionnaires = sync.OnceValue(a.encodeQuestionnaires)
	a.refusals = rate.Sometimes{First: 3, Interval: 10 * time.Second}
	a.stop, a.stopNow = context.WithCancel(context.Background())
	a.origins, a.hosts = parseOrigins(o.AllowedOrigins)
	a.echo.HideBanner, a.echo.HidePort = true, true
	a.echo.IPExtractor = ipExtractor(o.Proxies, o.Log)
	a.echo.HTTPErrorHandler = a.handleError
	a.echo.Pre(outlasting, a.deadlines, routeEscaped)
	a.echo.Use(a.logged, a.recovered, securityHeaders, a.checkOrigin, plainBodies, a.plainQuery)
	a.root = a.echo.Group(o.Prefix)
	a.routes()
	return a
}

func (a *API) routes() {
	v1 := a.root.Group("/v1")
	call, stream := a.authenticate(a.Guard.OfCall), a.authenticate(a.Guard.OfStream)
	v1.POST("/queues/:queue/tickets", a.createTicket, call)
	v1.POST("/tickets/batch", a.createTickets, call)
	v1.GET("/tickets/:id", a.getTicket, call)
	v1.GET("/tickets/:id/events", a.ticketEvents, stream)
	v1.DELETE("/tickets/:id", a.deleteTicket, call)
	v1.GET("/matches/:id", a.getMatch, call)
	v1.POST("/matches/:id/accept", a.acceptMatch, call)
	v1.POST("/matches/:id/decline", a.declineMatch, call)
	v1.PUT("/matches/:id/assignment", a.assignMatch, call, a.forBackends)
	v1.POST("/matches/:id/release", a.releaseMatch, call, a.forBackends)
	v1.GET("/queues", a.getQueues)
	v1.GET("/queues/:queue", a.getQueue)
	v1.GET("/stats", a.getStats)
	v1.GET("/dashboard/events", a.dashboardEvents)
	a.demoRoutes(v1)
	a.adminRoutes(v1)
	a.pageRoutes(a.Pages)
	a.documentRoutes()
	a.root.GET("/metrics", echo.WrapHandler(a.Metrics))
	a.profileRoutes()
	a.root.GET("/livez", a.live)
	a.root.GET("/readyz", a.ready)
}

// Sockets serves a path with long-lived connections, for requests of some methods. serve gets the client's address, and a
// request whose context ends when the client has gone. Foreign pages may not use the path, by any method, and pages of
// allowed origins may use it with credentials, which Socket.IO clients 1 and 2 send.
func (a *API) Sockets(path string, serve func(w http.ResponseWriter, r *http.Request, address string), methods ...string) {
	a.sockets[a.Prefix+path] = true
	a.root.Match(methods, path, func(c echo.Context) error {
		r := c.Request().WithContext(whileThere(c))
		if isHEAD(c) {
			r.Method = http.MethodHead
		}
		serve(c.Response(), r, c.RealIP())
		return nil // serve has answered, also after a failure
	})
}

// ServeHTTP answers a request.
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) { a.echo.ServeHTTP(w, asGET(r)) }

// Drain makes the server not ready: it takes no more tickets and answers long polls at once.
func (a *API) Drain() {
	a.draining.Store(true)
	a.stopNow()
}
