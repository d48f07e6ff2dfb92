package main

import (
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Each script is a span with the script's name, in the span of the step that called it, and names no player.
func TestScriptsHaveNames(t *testing.T) {
	env := matchqtest.Embedded(t)
	cluster := redis.NewClusterClient(&redis.ClusterOptions{Addrs: []string{env.Embedded.Addr()}, ContextTimeoutEnabled: true})
	defer cluster.Close()
	for namespace, rdb := range map[string]redis.UniversalClient{"client": env.Client, "cluster": cluster} {
		spans := tracetest.NewInMemoryExporter()
		provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))
		if err := play(t.Context(), rdb, namespace, provider); err != nil {
			t.Fatal(err)
		}
		all := spans.GetSpans()
		steps := map[string]string{} // of the game, by their ids
		for _, s := range all {
			if s.InstrumentationScope.Name == "game" {
				steps[s.SpanContext.SpanID().String()] = s.Name
			}
		}
		found := map[string]bool{}
		for _, s := range all {
			found[s.Name+" in "+steps[s.Parent.SpanID().String()]] = true
			if strings.HasPrefix(s.Name, "eval") {
				t.Errorf("a script without a name: %+v", s)
			}
			for _, a := range s.Attributes {
				if strings.Contains(a.Value.String(), "alice") {
					t.Errorf("%s has the player's name in %s", s.Name, a.Key)
				}
			}
		}
		for _, want := range []string{"match/enqueue in play alice", "match/enqueue in play bob", "match/tick in match"} {
			if !found[want] {
				t.Errorf("%s: no %s, but %v", namespace, want, found)
			}
		}
	}
}

func TestStart(t *testing.T) {
	spans := tracetest.NewInMemoryExporter()
	if err := start(t.Context(), sdktrace.NewTracerProvider(sdktrace.WithSyncer(spans))); err != nil || len(spans.GetSpans()) == 0 {
		t.Errorf("%d spans, %v", len(spans.GetSpans()), err)
	}
	var out strings.Builder
	if err := (printer{&out}).ExportSpans(t.Context(), spans.GetSpans().Snapshots()); err != nil || !strings.Contains(out.String(), " match/tick ") {
		t.Errorf("it printed %s, %v", &out, err)
	}
}
