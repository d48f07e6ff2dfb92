package e2e_test

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"github.com/prometheus/client_golang/prometheus/testutil/promlint"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// sample holds a node's metrics: values by name and labels, as `name{a="b"}`. A histogram has its sum and its count.
type sample map[string]float64

// metrics reads the metrics of some nodes, and adds them up.
func metrics(t *testing.T, nodes ...*testNode) sample {
	t.Helper()
	sum := sample{}
	for _, n := range nodes {
		parser := expfmt.NewTextParser(model.UTF8Validation)
		families, err := parser.TextToMetricFamilies(strings.NewReader(n.want(200, n.call("GET", "/metrics", "")).raw))
		if err != nil {
			t.Fatal(err)
		}
		for name, family := range families {
			for _, m := range family.GetMetric() {
				sum.add(name, m)
			}
		}
	}
	return sum
}

func (s sample) add(name string, m *dto.Metric) {
	labels := ""
	for _, label := range m.GetLabel() {
		labels += fmt.Sprintf("%s=%q,", label.GetName(), label.GetValue())
	}
	if labels != "" {
		labels = "{" + strings.TrimSuffix(labels, ",") + "}"
	}
	if h := m.GetHistogram(); h != nil {
		s[name+"_sum"+labels] += h.GetSampleSum()
		s[name+"_count"+labels] += float64(h.GetSampleCount())
		return
	}
	s[name+labels] += m.GetGauge().GetValue() + m.GetCounter().GetValue() + m.GetUntyped().GetValue()
}

// becomes waits until the metrics of some nodes, added up, have these values.
func (s sample) becomes(t *testing.T, nodes ...*testNode) {
	t.Helper()
	var got sample
	defer func() {
		for key, value := range s {
			if got[key] != value {
				t.Errorf("%s is %v, want %v", key, got[key], value)
			}
		}
	}()
	matchqtest.Eventually(t, "the metrics are as they must be", func() bool {
		got = metrics(t, nodes...)
		for key, value := range s {
			if actual, ok := got[key]; !ok || actual != value {
				return false
			}
		}
		return true
	})
}

// promised are the metrics of the protocol.
var promised = []string{
	"matchq_tickets_enqueued_total", "matchq_tickets_finished_total", "matchq_matches_total", "matchq_queue_waiting",
	"matchq_queue_oldest_wait_seconds", "matchq_ticket_wait_seconds_count", "matchq_tick_duration_seconds_count", "matchq_ws_connections",
	"matchq_ws_dropped_total", "matchq_redis_up", "matchq_build_info",
}

// Two nodes together count everything once.
func TestMetricsAddUp(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		a, b := start(t, env), start(t, env)
		nodes := []*testNode{a, b}
		alice := a.dial()
		alice.create(`"history"`, `"alice"`)
		b.post("history", `"bob"`)
		for i := range 20 {
			nodes[i%2].post("other", fmt.Sprint(i)) // counted under other
		}
		b.wait(b.post("a%2F%22b%22%5C", `"erin","ttl_ms":1`).text("id"))
		first := a.call("POST", "/v1/queues/music/tickets", `{"player":"carol"}`, "Idempotency-Key", "k")
		again := b.call("POST", "/v1/queues/music/tickets", `{"player":"carol"}`, "Idempotency-Key", "k")
		if first.text("id") != again.text("id") {
			t.Fatalf("got %s and %s", first.raw, again.raw)
		}
		if refused := b.call("POST", "/v1/queues/music/tickets", `{"player":"carol"}`); refused.status != 409 {
			t.Fatalf("got %s", refused.raw)
		}
		batch := b.want(200, b.call("POST", "/v1/tickets/batch", `{"tickets":[{"queue":"music","player":"carol"},{"queue":"jazz","player":"dave"},{"queue":"jazz"}]}`))
		a.want(204, a.call("DELETE", "/v1/tickets/"+batch.text("results.1.ticket.id"), ""))
		alice.status("MATCHED")

		sample{
			`matchq_tickets_enqueued_total{queue="history"}`:                     2,
			`matchq_tickets_enqueued_total{queue="other"}`:                       20,
			`matchq_tickets_enqueued_total{queue="music"}`:                       1,
			`matchq_tickets_enqueued_total{queue="jazz"}`:                        1,
			`matchq_tickets_enqueued_total{queue="a/\"b\"\\"}`:                   1,
			`matchq_tickets_finished_total{outcome="matched",queue="history"}`:   2,
			`matchq_tickets_finished_total{outcome="cancelled",queue="history"}`: 0,
			`matchq_tickets_finished_total{outcome="matched",queue="other"}`:     20,
			`matchq_tickets_finished_total{outcome="cancelled",queue="jazz"}`:    1,
			`matchq_tickets_finished_total{outcome="expired",queue="a/\"b\"\\"}`: 1,
			`matchq_matches_total{queue="history"}`:                              1,
			`matchq_matches_total{queue="other"}`:                                10,
			`matchq_queue_waiting{queue="music"}`:                                2, // one, exported by both nodes
			`matchq_queue_waiting{queue="history"}`:                              0,
			`matchq_queue_waiting{queue="other"}`:                                0,
			`matchq_queue_oldest_wait_seconds{queue="jazz"}`:                     0,
			`matchq_ticket_wait_seconds_count{outcome="matched"}`:                22,
			`matchq_ticket_wait_seconds_count{outcome="cancelled"}`:              1,
			`matchq_ticket_wait_seconds_count{outcome="expired"}`:                1,
			`matchq_ws_connections`:                                              1,
			`matchq_redis_up`:                                                    2,
			`matchq_audit_ok`:                                                    2,
			`matchq_interval_seconds`:                                            0.08,
			`matchq_ws_dropped_total{reason="too_fast"}`:                         0,
		}.becomes(t, nodes...)
		got := metrics(t, nodes...)
		if wait := got[`matchq_ticket_wait_seconds_sum{outcome="matched"}`]; wait <= 0 || wait > 22*patience.Seconds() {
			t.Errorf("22 players waited for %v s", wait)
		}
		if got["matchq_tick_duration_seconds_count"] < 3 || got["matchq_tick_duration_seconds_sum"] <= 0 {
			t.Errorf("%v ticks took %v s", got["matchq_tick_duration_seconds_count"], got["matchq_tick_duration_seconds_sum"])
		}
		if oldest := got[`matchq_queue_oldest_wait_seconds{queue="music"}`]; oldest <= 0 || oldest > patience.Seconds() {
			t.Errorf("carol has waited for %v s, twice", oldest)
		}
	})
}

// All metrics of a scrape are documented and well named, and none names a player.
func TestMetricsAreWellFormed(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded("--path-prefix", "/games")...)
	ticket := n.want(201, n.as(apiKey, "POST", "/v1/queues/history/tickets", `{"player":"somebody"}`))
	got := n.want(200, n.call("GET", "/metrics", "")) // open to all
	all := metrics(t, n)
	for _, name := range promised {
		if !slices.ContainsFunc(slices.Collect(maps.Keys(all)), func(key string) bool {
			return key == name || strings.HasPrefix(key, name+"{")
		}) {
			t.Errorf("%s is missing", name)
		}
	}
	for _, secret := range []string{"somebody", ticket.text("id"), jwtSecret, apiKey, adminToken} {
		if strings.Contains(got.raw, secret) {
			t.Errorf("%s is in the metrics", secret)
		}
	}
	problems, err := promlint.New(strings.NewReader(got.raw)).Lint()
	if err != nil || len(problems) > 0 {
		t.Errorf("promlint says %v, %v", problems, err)
	}
	for _, name := range []string{"go_goroutines", "process_resident_memory_bytes"} {
		if all[name] == 0 {
			t.Errorf("%s is missing", name)
		}
	}
}

// While Redis is away a scrape reports it soon, with the node's own metrics.
func TestMetricsWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env, "--interval", "1h")
	n.post("q", `"alice"`)
	sample{`matchq_queue_waiting{queue="q"}`: 1, `matchq_redis_up`: 1}.becomes(t, n)
	env.Server.Stop()
	matchqtest.Eventually(t, "it is noticed", func() bool {
		got := promptly(t, "a scrape", func() sample { return metrics(t, n) }) // 0.8 s on an idle machine
		_, known := got[`matchq_queue_waiting{queue="q"}`]
		_, audited := got[`matchq_audit_ok`]
		return got[`matchq_redis_up`] == 0 && got[`matchq_tickets_enqueued_total{queue="q"}`] == 1 && !known && !audited
	})
	env.Server.Continue()
	sample{`matchq_queue_waiting{queue="q"}`: 1, `matchq_redis_up`: 1}.becomes(t, n)
}

// A ticket whose enqueue got no answer is counted when it is found and cancelled, so that the totals add up.
func TestMetricsCountVoidTickets(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env, "--interval", "1h")
	n.post("q", `"warm"`)
	env.Server.Stop()
	n.want(503, n.call("POST", "/v1/queues/q/tickets", `{"player":"alice"}`))
	env.Server.Continue()
	sample{
		`matchq_tickets_enqueued_total{queue="q"}`: 2, `matchq_tickets_finished_total{outcome="cancelled",queue="q"}`: 1,
		`matchq_queue_waiting{queue="q"}`: 1,
	}.becomes(t, n)
}

// With a ready check a ticket is counted when it ends, not when it is proposed or waits again.
func TestMetricsWithAReadyCheck(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	n := start(t, env, "--ready-timeout", "1m")
	alice, bob := n.dial(), n.dial()
	alice.create(`"q"`, `"alice"`)
	bob.create(`"q"`, `"bob"`)
	match := alice.expect("match_proposed").text("data.matchId")
	bob.expect("match_proposed")
	bob.send(`{"event":"decline_match","data":{"matchId":"` + match + `"}}`)
	bob.status("CANCELLED")
	alice.status("RESTORED")
	sample{
		`matchq_tickets_enqueued_total{queue="q"}`: 2, `matchq_tickets_finished_total{outcome="cancelled",queue="q"}`: 1,
		`matchq_tickets_finished_total{outcome="matched",queue="q"}`: 0, `matchq_matches_total{queue="q"}`: 0, `matchq_queue_waiting{queue="q"}`: 1,
	}.becomes(t, n)
}

// Without ticks a queue becomes overdue, even with few matches. A paused queue or a player alone is never overdue.
func TestMetricsOfOverdueTicks(t *testing.T) {
	t.Parallel()
	env := matchqtest.Real(t)
	idle, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Interval: 40 * time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	if err := idle.Pause(t.Context(), "paused"); err != nil {
		t.Fatal(err)
	}
	n := start(t, env)
	n.post("lonely", `"alice"`)
	n.post("closing", `"bob"`)
	n.post("closing", `"carol"`)
	if err := idle.Pause(t.Context(), "closing"); err != nil {
		t.Fatal(err)
	}
	sample{`matchq_queue_waiting{queue="lonely"}`: 1}.becomes(t, n)
	matchqtest.Eventually(t, "no tick is late", func() bool { return metrics(t, n)["matchq_tick_overdue_seconds"] <= 2 })
	n.stop()
	if _, err := idle.Enqueue(t.Context(), matchq.Request{Queue: "q", Player: "dave"}); err != nil {
		t.Fatal(err)
	}
	matchqtest.Eventually(t, "the queue is overdue", func() bool {
		queue, err := idle.Queue(t.Context(), "q")
		return err == nil && queue.Overdue > 100*time.Millisecond && queue.Overdue <= queue.OldestWait
	})
}

// A hundred of many queues have a label; the others are added up.
func TestMetricsOfManyQueues(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--interval", "1h")
	const queues = 350
	n.want(http.StatusOK, n.call("POST", "/v1/tickets/batch", batchOf(0, queues, func(i int) string {
		return fmt.Sprintf(`{"queue":"q%d","player":%d}`, i, i)
	})))
	sample{`matchq_queue_waiting{queue="other"}`: queues - 100, `matchq_tickets_enqueued_total{queue="other"}`: queues - 100}.becomes(t, n)
	labels, waiting := map[string]bool{}, 0.0
	for key, value := range metrics(t, n) {
		if _, label, ok := strings.Cut(key, `queue="`); ok {
			labels[label] = true
		}
		if strings.HasPrefix(key, "matchq_queue_waiting") {
			waiting += value
		}
	}
	if len(labels) != 101 || waiting != queues {
		t.Errorf("%d labels, %v wait", len(labels), waiting)
	}
}

// Drops are counted by reason.
func TestMetricsOfDrops(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	fast := n.dial()
	const frames = 150
	for range frames {
		fast.send(`{"event":"check_socket_id","data":{}}`)
	}
	large := n.dial()
	large.send(`{"event":"` + strings.Repeat("x", 17<<10) + `"}`)
	large.expectClose(websocket.CloseMessageTooBig)
	dropped := 0.0
	matchqtest.Eventually(t, "the drops are counted", func() bool {
		got := metrics(t, n)
		dropped = got[`matchq_ws_dropped_total{reason="too_fast"}`]
		return got[`matchq_ws_dropped_total{reason="too_large"}`] == 1 && dropped > 0 && got["matchq_ws_connections"] == 1
	})
	if math.Mod(dropped, 1) != 0 || dropped > frames-100 {
		t.Errorf("%v frames of %d were dropped", dropped, frames)
	}
}
