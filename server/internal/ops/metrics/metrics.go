// Package metrics counts for Prometheus. Each thing is counted by one node, so the sum over all nodes is the total.
package metrics

import (
	"context"
	"log/slog"
	"math"
	"net/http"
	"runtime"
	"slices"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/matchq/matchq/matchq"
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
	Options
	ctx      context.Context // of reads from Redis
	queues   *queues
	waits    *prometheus.HistogramVec
	ticks    prometheus.Histogram
	dropped  *prometheus.CounterVec
	posted   *prometheus.CounterVec
	registry *prometheus.Registry
}

// namespace is the prefix of all names.
const namespace = "matchq"

// New makes a Metrics that reads from Redis until ctx ends.
func New(ctx context.Context, o Options) *Metrics {
	m := &Metrics{
		Options: o, ctx: ctx, queues: newQueues(), registry: prometheus.NewRegistry(),
		waits: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Namespace: namespace, Name: "ticket_wait_seconds",
			Help:    "How long tickets waited until they ended. Counted once a ticket, by one of the nodes.",
			Buckets: []float64{.05, .1, .25, .5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600},
		}, []string{"outcome"}),
		ticks: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "tick_duration_seconds",
			Help:    "How long calls to Redis took that visited queues, each up to 64. Calls that found nothing to do are left out.",
			Buckets: []float64{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1},
		}),
		dropped: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "ws_dropped_total",
			Help: "Connections that were cut off or refused (too_slow, silent, too_large, too_many), and frames that were dropped (too_fast).",
		}, []string{"reason"}),
		posted: prometheus.NewCounterVec(prometheus.CounterOpts{
			Namespace: namespace, Name: "webhook_requests_total",
			Help: "Requests of this node to webhooks, by the class of the answer's status (2xx to 5xx); error without an answer. None before the first one.",
		}, []string{"outcome"}),
	}
	for _, outcome := range outcomes {
		m.waits.WithLabelValues(string(outcome)) // 0 instead of unknown before the first one
	}
	for _, reason := range o.DropReasons {
		m.dropped.WithLabelValues(reason)
	}
	m.registry.MustRegister(
		m.waits, m.ticks, m.dropped, m.posted, &scrape{Metrics: m},
		m.gauge("ws_connections", "Connections that are open on this node: WebSockets, and Socket.IO sessions that poll.", nil, func() float64 { return float64(o.Connections()) }),
		m.gauge("interval_seconds", "How long a queue gathers players before it is ticked, by the rules for all queues.", nil, m.interval),
		m.gauge("build_info", "1, with the version of this node and that of Go it was built with.",
			prometheus.Labels{"version": o.Version, "goversion": runtime.Version()}, func() float64 { return 1 }),
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return m
}

func (m *Metrics) gauge(name, help string, labels prometheus.Labels, value func() float64) prometheus.Collector {
	return prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: namespace, Name: name, Help: help, ConstLabels: labels}, value)
}

// interval is that of the rules for all queues; not a number while they can't be read.
func (m *Metrics) interval() float64 {
	all, err := m.Matcher.Rules(m.ctx, "*")
	if err != nil {
		return math.NaN()
	}
	return max(0, all.Rules.Interval.Seconds())
}

// Handler answers with all metrics. Requests of the same second share an answer.
func (m *Metrics) Handler() http.Handler {
	return &handler{render: promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{
		ErrorLog: slog.NewLogLogger(m.Log.Handler(), slog.LevelError), ErrorHandling: promhttp.ContinueOnError, DisableCompression: true,
	})}
}

// Queued counts a new ticket of this node.
func (m *Metrics) Queued(queue string) {
	m.queues.count(queue, func(t *tally) { t.enqueued++ })
}

// Observe counts the tickets and matches of events.
func (m *Metrics) Observe(events []matchq.Event) {
	for i := range events {
		ev := &events[i]
		if ev.Kind == matchq.Released {
			m.countSuccessors(ev)
		}
		outcome := slices.Index(outcomes[:], ev.Kind)
		if outcome < 0 {
			continue
		}
		tickets := ev.Tickets()
		for k := range tickets {
			m.waits.WithLabelValues(string(ev.Kind)).Observe(tickets[k].Waited.Seconds())
		}
		m.queues.count(tickets[0].Queue, func(t *tally) {
			t.finished[outcome] += int64(len(tickets))
			if ev.Kind == matchq.Matched {
				t.matches++
			}
			if ev.Reason == matchq.ReasonVoid {
				t.enqueued++ // its enqueue had no answer, and so was not counted
			}
		})
	}
}

// countSuccessors counts the new tickets of a released match.
func (m *Metrics) countSuccessors(ev *matchq.Event) {
	m.queues.count(ev.Match.Queue, func(t *tally) {
		for i := range ev.Match.Tickets {
			if ev.Match.Tickets[i].Successor != "" {
				t.enqueued++
			}
		}
	})
}

// Ticked records the duration of a tick call, and counts failures of policies. It gets every report of a call.
func (m *Metrics) Ticked(r matchq.TickReport) {
	if r.Err != nil {
		m.queues.count(r.Queue, func(t *tally) { t.failures++ })
	}
	if r.First {
		m.ticks.Observe(r.Took.Seconds())
	}
}

// Dropped counts a dropped connection or frame.
func (m *Metrics) Dropped(reason string) { m.dropped.WithLabelValues(reason).Inc() }

// Posted counts a request to a webhook.
func (m *Metrics) Posted(outcome string) { m.posted.WithLabelValues(outcome).Inc() }
