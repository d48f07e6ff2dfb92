package metrics_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/metrics"
)

// A game has Prometheus read the work of its matchmaking.
func Example() {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	embedded := miniredis.NewMiniRedis() // a real Redis needs only its address
	if err := embedded.Start(); err != nil {
		log.Fatal(err)
	}
	defer embedded.Close()
	m, err := matchq.New(redis.NewClient(&redis.Options{Addr: embedded.Addr()}), matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(metrics.New(ctx, m, metrics.Options{}))

	if _, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: "alice"}); err != nil {
		log.Fatal(err)
	}
	families, err := registry.Gather() // as promhttp.Handler does
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "matchq_tickets_enqueued_total" {
			for _, metric := range family.GetMetric() {
				fmt.Println(metric.GetLabel()[0].GetValue(), metric.GetCounter().GetValue())
			}
		}
	}

	// Output:
	// history 1
	// other 0
}

// Each end of a ticket is counted in one process, so that the sum over processes is the total.
func ExampleCollector_Observe() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	embedded := miniredis.NewMiniRedis()
	if err := embedded.Start(); err != nil {
		log.Fatal(err)
	}
	defer embedded.Close()
	rdb := redis.NewClient(&redis.Options{Addr: embedded.Addr()})
	defer rdb.Close()
	m, err := matchq.New(rdb, matchq.Config{})
	if err != nil {
		log.Fatal(err)
	}
	collector := metrics.New(ctx, m, metrics.Options{Observed: true})
	_, err = m.EnqueueAll(ctx, []matchq.Request{{Queue: "history", Player: "alice"}, {Queue: "history", Player: "bob"}})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := m.Tick(ctx, "history"); err != nil {
		log.Fatal(err)
	}
	consuming, stop := context.WithCancel(ctx)
	options := matchq.ConsumeOptions{Group: "metrics", Kinds: []matchq.State{matchq.Matched, matchq.Cancelled, matchq.Expired}}
	err = m.Consume(consuming, options, func(_ context.Context, event matchq.Event) error {
		collector.Observe([]matchq.Event{event})
		stop()
		return nil
	})
	if err != nil {
		log.Fatal(err)
	}
	registry := prometheus.NewRegistry()
	registry.MustRegister(collector)
	families, err := registry.Gather()
	if err != nil {
		log.Fatal(err)
	}
	for _, family := range families {
		if family.GetName() == "matchq_matches_total" {
			fmt.Println(family.GetMetric()[0].GetLabel()[0].GetValue(), family.GetMetric()[0].GetCounter().GetValue())
		}
	}
	// Output: history 1
}
