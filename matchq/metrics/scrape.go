package metrics

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/matchq/matchq/matchq"
)

// maxStale is the age limit of the queues' state.
const maxStale = 15 * time.Second

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc(prometheus.BuildFQName(namespace, "", name), help, labels, nil)
}

var (
	enqueued = describe("tickets_enqueued_total",
		"Tickets that this process queued. A ticket whose enqueue got no answer counts when it is found and cancelled.", "queue")
	finished = describe("tickets_finished_total",
		"Tickets that ended, as this process read in events. At least once: again if a process dies or loses Redis meanwhile.",
		"queue", "outcome")
	matches = describe("matches_total",
		"Matches made, counted like tickets_finished_total.", "queue")
	failures = describe("policy_failures_total",
		"Visits of this process in which a queue's own policy failed, so that FIFO replaced it for 30 s or more.", "queue")
	waiting = describe("queue_waiting",
		"Tickets that wait in a queue. The same in all processes: do not add them up.", "queue")
	oldest = describe("queue_oldest_wait_seconds",
		"Age of a queue's oldest waiting ticket. The same in all processes.", "queue")
	overdue = describe("tick_overdue_seconds",
		"Delay of the visit to the most overdue queue; 0 if none is overdue. The same in all processes.")
	redisUp = describe("redis_up",
		"Whether Redis answered this process in time, 0.8 s unless set: 1 or 0. While it does not, metrics of the state in Redis are left out.")
	interval = describe("interval_seconds",
		"How long a queue gathers players before it is ticked, by the rules for all queues. The same in all processes.")
	auditOK = describe("audit_ok",
		"Whether all tickets that were ever queued are accounted for: 1 or 0. The same in all processes.")
)

// state is what scrapes have read from Redis.
type state struct {
	mu   sync.Mutex
	list []matchq.Queue // as last read
	read time.Time      // time of the last reading
}

// Describe names the metrics.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	for _, desc := range []*prometheus.Desc{enqueued, finished, matches, failures, waiting, oldest, overdue, redisUp, interval, auditOK} {
		ch <- desc
	}
	for _, counter := range c.counters() {
		counter.Describe(ch)
	}
}

// Collect reads the metrics. The queues are read once for all scrapes of a second, and walked once.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	for _, counter := range c.counters() {
		counter.Collect(ch)
	}
	ctx, cancel := context.WithTimeout(c.ctx, c.Timeout)
	defer cancel()
	listed := c.lookUp()
	report, err := c.m.Audit(ctx)
	up := !errors.Is(err, matchq.ErrUnavailable) && ctx.Err() == nil
	ch <- gauge(redisUp, boolValue(up))
	if err == nil {
		ch <- gauge(auditOK, boolValue(report.OK()))
	}
	if all, err := c.m.Rules(ctx, "*"); err == nil {
		ch <- gauge(interval, max(0, all.Rules.Interval.Seconds()))
	}
	var list []matchq.Queue
	known := false
	if up {
		list, known = c.queuesNow(ctx, listed)
	}
	if known {
		c.review(list)
	}
	tallies := c.queues.all()
	sendCounters(ch, tallies)
	if known {
		sendGauges(ch, list, tallies)
	}
}

// lookUp starts to read the queues. done is closed in the end, which may come after the scrape.
func (c *Collector) lookUp() (done <-chan struct{}) {
	listed := make(chan struct{})
	go func() {
		defer close(listed)
		list, err := c.Queues(c.ctx)
		if err != nil {
			return // the old state becomes stale
		}
		c.state.mu.Lock()
		defer c.state.mu.Unlock()
		c.state.list, c.state.read = list, time.Now()
	}()
	return listed
}

// queuesNow returns the queues' state: the current one, or a recent one if Redis is slow.
func (c *Collector) queuesNow(ctx context.Context, listed <-chan struct{}) (list []matchq.Queue, known bool) {
	select {
	case <-listed:
	case <-ctx.Done():
	}
	c.state.mu.Lock()
	defer c.state.mu.Unlock()
	return c.state.list, time.Since(c.state.read) < maxStale
}

// review updates the labels.
func (c *Collector) review(list []matchq.Queue) {
	waits := make(map[string]int, len(list))
	for i := range list {
		waits[list[i].Name] = list[i].Waiting + list[i].Proposed
	}
	c.queues.review(waits, time.Now())
}

// sendCounters sends the counters.
func sendCounters(ch chan<- prometheus.Metric, tallies map[string]tally) {
	for label, t := range tallies {
		ch <- counter(enqueued, t.enqueued, label)
		ch <- counter(matches, t.matches, label)
		ch <- counter(failures, t.failures, label)
		for i, outcome := range outcomes {
			ch <- counter(finished, t.finished[i], label, string(outcome))
		}
	}
}

// sendGauges sends the waiting tickets by label. A label without any gets 0.
func sendGauges(ch chan<- prometheus.Metric, list []matchq.Queue, labels map[string]tally) {
	states := make(map[string]matchq.Queue, len(labels))
	for label := range labels {
		states[label] = matchq.Queue{}
	}
	var longest time.Duration
	for i := range list {
		q := &list[i]
		label := q.Name
		if _, ok := labels[label]; !ok {
			label = otherLabel
		}
		state := states[label]
		state.Waiting += q.Waiting
		state.OldestWait = max(state.OldestWait, q.OldestWait)
		states[label] = state
		longest = max(longest, q.Overdue)
	}
	for label, state := range states {
		ch <- gauge(waiting, float64(state.Waiting), label)
		ch <- gauge(oldest, state.OldestWait.Seconds(), label)
	}
	ch <- gauge(overdue, longest.Seconds())
}

func gauge(desc *prometheus.Desc, value float64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, value, labels...)
}

func counter(desc *prometheus.Desc, value int64, labels ...string) prometheus.Metric {
	return prometheus.MustNewConstMetric(desc, prometheus.CounterValue, float64(value), labels...)
}

func boolValue(is bool) float64 {
	if is {
		return 1
	}
	return 0
}
