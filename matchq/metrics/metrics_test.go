package metrics_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/metrics"
)

func newMatcher(t *testing.T, env *matchqtest.Env) *matchq.Matcher {
	t.Helper()
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Timeout: matchqtest.Patience})
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// play has three players queue, two of them meet, and refuses one.
func play(t *testing.T, m *matchq.Matcher) {
	t.Helper()
	for _, player := range []string{"alice", "bob", "carol"} {
		if _, err := m.Enqueue(t.Context(), matchq.Request{Queue: "history", Player: player}); err != nil {
			t.Fatal(err)
		}
	}
	var duplicate *matchq.DuplicateError
	if _, err := m.Enqueue(t.Context(), matchq.Request{Queue: "maths", Player: "carol"}); !errors.As(err, &duplicate) {
		t.Fatal(err)
	}
	if _, err := m.Tick(t.Context(), "history"); err != nil {
		t.Fatal(err)
	}
}

// values are the metrics of a registry: counters, gauges and counts of histograms, by name and labels.
func values(t *testing.T, registry *prometheus.Registry) map[string]float64 {
	t.Helper()
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]float64{}
	for _, family := range families {
		for _, m := range family.GetMetric() {
			var labels []string
			for _, label := range m.GetLabel() {
				labels = append(labels, label.GetValue())
			}
			all[family.GetName()+"{"+strings.Join(labels, ",")+"}"] =
				m.GetCounter().GetValue() + m.GetGauge().GetValue() + float64(m.GetHistogram().GetSampleCount())
		}
	}
	return all
}

func TestCollector(t *testing.T) {
	env := matchqtest.Shared(t)
	m, registry := newMatcher(t, env), prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.New(t.Context(), m, metrics.Options{Timeout: matchqtest.Patience}))
	play(t, m)
	for range 2 { // the second Watch counts nothing again
		for ev, err := range m.Watch(t.Context(), matchq.FromOldest) {
			if err != nil || ev.Kind != matchq.Matched {
				t.Fatalf("%+v, %v", ev, err)
			}
			break
		}
	}
	got := values(t, registry)
	for name, want := range map[string]float64{
		"matchq_tickets_enqueued_total{history}":         3,
		"matchq_tickets_refused_total{duplicate}":        1,
		"matchq_tickets_refused_total{paused}":           0,
		"matchq_matches_total{history}":                  1,
		"matchq_tickets_finished_total{matched,history}": 2,
		"matchq_ticket_wait_seconds{matched}":            2,
		"matchq_queue_waiting{history}":                  1,
		"matchq_tick_duration_seconds{}":                 1,
		"matchq_script_duration_seconds{match/tick}":     1,
		"matchq_redis_up{}":                              1,
		"matchq_audit_ok{}":                              1,
		"matchq_interval_seconds{}":                      5,
	} {
		if value, known := got[name]; !known || value != want {
			t.Errorf("%s is %v, not %v", name, value, want)
		}
	}
	families, err := registry.Gather()
	if err != nil {
		t.Fatal(err)
	}
	if problems, err := promlint.NewWithMetricFamilies(families).Lint(); err != nil || len(problems) > 0 {
		t.Errorf("%v, %v", problems, err)
	}
}

// With Observed the events of Watch count nothing; after the end of its context a Collector hears nothing.
func TestObserved(t *testing.T) {
	env := matchqtest.Embedded(t)
	m, registry := newMatcher(t, env), prometheus.NewPedanticRegistry()
	ctx, cancel := context.WithCancel(t.Context())
	collector := metrics.New(ctx, m, metrics.Options{Observed: true, Timeout: matchqtest.Patience})
	registry.MustRegister(collector)
	play(t, m)
	for ev, err := range m.Watch(t.Context(), matchq.FromOldest) {
		if err != nil {
			t.Fatal(err)
		}
		if got := values(t, registry)["matchq_matches_total{other}"]; got != 0 {
			t.Errorf("%v matches are counted before they are observed", got)
		}
		collector.Observe([]matchq.Event{ev})
		break
	}
	if got := values(t, registry); got["matchq_matches_total{history}"] != 1 {
		t.Errorf("metrics: %v", got)
	}
	cancel()
	matchqtest.Eventually(t, "its hooks are gone", func() bool {
		before := values(t, registry)["matchq_script_duration_seconds{match/ticket}"]
		_, err := m.TicketOf(t.Context(), "alice")
		return err == nil && values(t, registry)["matchq_script_duration_seconds{match/ticket}"] == before
	})
}

// While Redis is away a scrape says so, with the counters of the process.
func TestWhileRedisIsAway(t *testing.T) {
	env := matchqtest.Real(t)
	m, registry := newMatcher(t, env), prometheus.NewPedanticRegistry()
	registry.MustRegister(metrics.New(t.Context(), m, metrics.Options{}))
	play(t, m)
	env.Server.Kill()
	matchqtest.Eventually(t, "the outage is noticed", func() bool {
		got := values(t, registry)
		_, waiting := got["matchq_queue_waiting{history}"]
		return got["matchq_redis_up{}"] == 0 && !waiting && got["matchq_tickets_enqueued_total{history}"] == 3
	})
}
