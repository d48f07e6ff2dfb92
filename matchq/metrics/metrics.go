// Package metrics counts the work of a Matcher for Prometheus:
//
//	collector := metrics.New(ctx, m, metrics.Options{})
//	prometheus.MustRegister(collector)
//
// For several Matchers in one registry, tell their namespaces apart by a label:
//
//	prometheus.WrapRegistererWith(prometheus.Labels{"namespace": "chess"}, prometheus.DefaultRegisterer).MustRegister(collector)
//
// # Metrics
//
// Counted in each process, to be added up: matchq_tickets_enqueued_total{queue}, matchq_tickets_refused_total{reason},
// matchq_tick_duration_seconds, matchq_policy_failures_total{queue}, matchq_script_duration_seconds{script} and
// matchq_script_failures_total{script}.
//
// Counted from events: matchq_tickets_finished_total{queue,outcome}, matchq_matches_total{queue} and
// matchq_ticket_wait_seconds{outcome}; see Options.Observed.
//
// Read from Redis in each scrape, and so the same in all processes: matchq_queue_waiting{queue},
// matchq_queue_oldest_wait_seconds{queue}, matchq_tick_overdue_seconds, matchq_interval_seconds and matchq_audit_ok. They are
// left out while Redis is away; matchq_redis_up says so.
//
// No label names a player or a ticket. The label queue has at most 101 values: the busiest 100 queues, and other for the rest.
package metrics

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/matchq/matchq/matchq"
)

// Options say how a Collector works. The zero value is ready to use.
type Options struct {
	// Observed says that finished tickets come by Observe, from the handler of your Consume: each event then counts in one
	// process, and the sum over processes is the total. Otherwise the events that Watch and Wait read in this process are counted:
	// each process then counts all, so take the max of processes, not the sum. Defaults to false.
	Observed bool

	// Queues reads the queues in a scrape. Defaults to Matcher.Queues.
	Queues func(context.Context) ([]matchq.Queue, error)

	// Timeout is how long a scrape waits for Redis, at most. Defaults to 0.8 s.
	Timeout time.Duration
}

// Collector is a prometheus.Collector of a Matcher. It is safe for use by many goroutines.
type Collector struct {
	Options

	m       *matchq.Matcher
	ctx     context.Context // of reads from Redis
	queues  *queues
	refused *prometheus.CounterVec
	waits   *prometheus.HistogramVec
	ticks   prometheus.Histogram
	scripts *prometheus.HistogramVec
	failed  *prometheus.CounterVec
	state   state

	mu      sync.Mutex
	watched place // of the newest event that was counted
}

// namespace is the prefix of all names.
const namespace = "matchq"

// New makes a Collector that counts by hooks of m, and reads from Redis in scrapes, until ctx ends.
func New(ctx context.Context, m *matchq.Matcher, o Options) *Collector {
	if o.Queues == nil {
		o.Queues = m.Queues
	}
	if o.Timeout == 0 {
		o.Timeout = 800 * time.Millisecond
	}
	c := newCollector(ctx, m, o)
	hooks := matchq.Hooks{Enqueued: c.enqueued, Called: c.called, Ticked: c.ticked}
	if !o.Observed {
		hooks.Watched = c.watch
	}
	context.AfterFunc(ctx, m.AddHooks(hooks))
	return c
}

func newCollector(ctx context.Context, m *matchq.Matcher, o Options) *Collector {
	c := &Collector{
		Options: o, m: m, ctx: ctx, queues: newQueues(),
		refused: counterVec("tickets_refused_total", "Requests for a ticket that this process made in vain, by reason.", "reason"),
		waits: histogramVec("ticket_wait_seconds", "How long tickets waited until they ended. Counted like tickets_finished_total.", "outcome",
			.05, .1, .25, .5, 1, 1.5, 2, 3, 4, 5, 6, 8, 10, 15, 20, 30, 45, 60, 90, 120, 180, 300, 600),
		ticks: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: namespace, Name: "tick_duration_seconds",
			Help:    "How long calls to Redis took that visited queues, each up to 64. Calls that found nothing to do are left out.",
			Buckets: []float64{.0001, .0002, .0005, .001, .002, .005, .01, .02, .05, .1, .2, .5, 1},
		}),
		scripts: histogramVec("script_duration_seconds", "How long this process waited for scripts in Redis, repetitions included.", "script",
			.0005, .001, .0025, .005, .01, .025, .05, .1, .5, 1.5),
		failed: counterVec("script_failures_total", "Calls of scripts that had no answer, or were refused by Redis.", "script"),
	}
	for _, outcome := range outcomes {
		c.waits.WithLabelValues(string(outcome)) // 0 instead of unknown before the first one
	}
	for _, reason := range reasons {
		c.refused.WithLabelValues(reason)
	}
	return c
}

func counterVec(name, help, label string) *prometheus.CounterVec {
	return prometheus.NewCounterVec(prometheus.CounterOpts{Namespace: namespace, Name: name, Help: help}, []string{label})
}

func histogramVec(name, help, label string, buckets ...float64) *prometheus.HistogramVec {
	opts := prometheus.HistogramOpts{Namespace: namespace, Name: name, Help: help, Buckets: buckets}
	return prometheus.NewHistogramVec(opts, []string{label})
}

// counters are the metrics that count by themselves.
func (c *Collector) counters() []prometheus.Collector {
	return []prometheus.Collector{c.refused, c.waits, c.ticks, c.scripts, c.failed}
}

// enqueued counts a request for a ticket.
func (c *Collector) enqueued(r matchq.EnqueueReport) {
	switch {
	case r.Err != nil:
		c.refused.WithLabelValues(reasonOf(r.Err)).Inc()
	case !r.Ticket.Repeated:
		c.queues.count(r.Ticket.Queue, func(t *tally) { t.enqueued++ })
	}
}

// reasons are why a request made no ticket.
var reasons = []string{"invalid", "duplicate", "paused", "overloaded", "unknown", "refused", "unavailable", "other"}

func reasonOf(err error) string {
	var (
		invalid   *matchq.InvalidError
		duplicate *matchq.DuplicateError
		taken     *matchq.IDTakenError
		unknown   *matchq.UnknownError
	)
	switch {
	case errors.As(err, &invalid):
		return "invalid"
	case errors.As(err, &duplicate), errors.As(err, &taken):
		return "duplicate"
	case errors.Is(err, matchq.ErrPaused):
		return "paused"
	case errors.Is(err, matchq.ErrOverloaded):
		return "overloaded"
	case errors.As(err, &unknown):
		return "unknown"
	case errors.Is(err, matchq.ErrRefused):
		return "refused"
	case errors.Is(err, matchq.ErrUnavailable):
		return "unavailable"
	default:
		return "other"
	}
}

// called counts a call of a script.
func (c *Collector) called(r matchq.CallReport) {
	c.scripts.WithLabelValues(r.Script).Observe(r.Took.Seconds())
	if r.Err != nil {
		c.failed.WithLabelValues(r.Script).Inc()
	}
}

// ticked records the duration of a tick call, and counts failures of policies. It gets every report of a call.
func (c *Collector) ticked(r matchq.TickReport) {
	if r.Err != nil {
		c.queues.count(r.Queue, func(t *tally) { t.failures++ })
	}
	if r.First {
		c.ticks.Observe(r.Took.Seconds())
	}
}

// watch counts an event unless another Watch of the process has read as far.
func (c *Collector) watch(ev matchq.Event) {
	c.mu.Lock()
	defer c.mu.Unlock()
	at := placeOf(ev.ID)
	if slices.Compare(at[:], c.watched[:]) <= 0 {
		return
	}
	c.watched = at
	c.Observe([]matchq.Event{ev})
}

// place is where an event stands among the others.
type place [3]uint64

func placeOf(id string) (at place) {
	for i, number := range strings.SplitN(id, "-", len(at)) {
		at[i], _ = strconv.ParseUint(number, 10, 64)
	}
	return at
}

// Observe counts the tickets and matches of events. See Options.Observed.
func (c *Collector) Observe(events []matchq.Event) {
	for i := range events {
		ev := &events[i]
		if ev.Kind == matchq.Released {
			c.countSuccessors(ev)
		}
		outcome := slices.Index(outcomes[:], ev.Kind)
		if outcome < 0 {
			continue
		}
		tickets := ev.Tickets()
		for k := range tickets {
			c.waits.WithLabelValues(string(ev.Kind)).Observe(tickets[k].Waited.Seconds())
		}
		c.queues.count(tickets[0].Queue, func(t *tally) {
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
func (c *Collector) countSuccessors(ev *matchq.Event) {
	c.queues.count(ev.Match.Queue, func(t *tally) {
		for i := range ev.Match.Tickets {
			if ev.Match.Tickets[i].Successor != "" {
				t.enqueued++
			}
		}
	})
}
