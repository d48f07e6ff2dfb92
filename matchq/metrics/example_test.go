package metrics_test

import (
	"context"
	"fmt"
	"log"

	"github.com/alicebob/miniredis/v2"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/metrics"
)

// A game has Prometheus read what its matchmaking does.
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
