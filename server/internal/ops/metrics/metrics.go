// Package metrics has the metrics of a node: those of the library, and its own. Each thing is counted by one node, so the sum
// over all nodes is the total.
package metrics

import (
	"context"
	"log/slog"
	"net/http"
	"runtime"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/metrics"
	"github.com/matchq/matchq/server/internal/base/queuecache"
)

// Options are the sources of a Metrics.
type Options struct {
	Matcher     *matchq.Matcher
	Queues      *queuecache.Cache
	Connections func() int // open on this node
	DropReasons []string   // of Dropped
	Version     string
	Log         *slog.Logger
}

// Metrics counts. Its methods return quickly.
type Metrics struct {
	*metrics.Collector

	log      *slog.Logger
	dropped  *prometheus.CounterVec
	posted   *prometheus.CounterVec
	registry *prometheus.Registry
}

// namespace is the prefix of all names.
const namespace = "matchq"

// New makes a Metrics that reads from Redis until ctx ends.
func New(ctx context.Context, o Options) *Metrics {
	m := &Metrics{
		// Events come from the node's share of the notifier's work, so that each is counted by one node.
		Collector: metrics.New(ctx, o.Matcher, metrics.Options{Observed: true, Queues: o.Queues.All}),
		log:       o.Log, registry: prometheus.NewRegistry(),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "ws_dropped_total",
			Help: "Connections that were cut off or refused (too_slow, silent, too_large, too_many), and frames that were dropped (too_fast).",
		}, []string{"reason"}),
		posted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "webhook_requests_total",
			Help: "Requests of this node to webhooks, by the class of the answer's status (2xx to 5xx); error without an answer. None before the first one.",
		}, []string{"outcome"}),
	}
	for _, reason := range o.DropReasons {
		m.dropped.WithLabelValues(reason) // 0 instead of unknown before the first one
	}
	m.registry.MustRegister(
		m.Collector, m.dropped, m.posted,
		gauge("ws_connections", "Connections that are open on this node: WebSockets, and Socket.IO sessions that poll.", nil, func() float64 { return float64(o.Connections()) }),
		gauge("build_info", "1, with the version of this node and that of Go it was built with.",
			prometheus.Labels{"version": o.Version, "goversion": runtime.Version()}, func() float64 { return 1 }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func gauge(name, help string, labels prometheus.Labels, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: labels}, value)
}

// Handler answers with all metrics. Requests of the same second share an answer.
func (m *Metrics) Handler() http.Handler {
	return &handler{render: promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.log.Handler(), slog.LevelError), ErrorHandling: promhttp.ContinueOnError, DisableCompression: true,
	})}
}

// Dropped counts a dropped connection or frame.
func (m *Metrics) Dropped(reason string) { m.dropped.WithLabelValues(reason).Inc() }

// Posted counts a request to a webhook.
func (m *Metrics) Posted(outcome string) { m.posted.WithLabelValues(outcome).Inc() }
