// Tracing shows the library's work in Redis in traces of OpenTelemetry: each script is a span with its name.
package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/extra/redisotel/v9"
	"github.com/redis/go-redis/v9"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/matchq/matchq/matchq"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	// A real program sends its spans somewhere: provider := sdktrace.NewTracerProvider(sdktrace.WithBatcher(exporter))
	provider := sdktrace.NewTracerProvider(sdktrace.WithSyncer(printer{os.Stdout}))
	if err := start(ctx, provider); err != nil {
		fmt.Fprintln(os.Stderr, "tracing:", err)
		os.Exit(1)
	}
}

func start(ctx context.Context, provider trace.TracerProvider) error {
	embedded := miniredis.NewMiniRedis()
	if err := embedded.Start(); err != nil {
		return err
	}
	defer embedded.Close()
	rdb := redis.NewClient(&redis.Options{Addr: embedded.Addr(), ContextTimeoutEnabled: true})
	defer rdb.Close()
	return play(ctx, rdb, "matchq", provider)
}

// instrument traces the commands of a client, and gives the spans of matchq's scripts the names of the scripts.
func instrument(rdb redis.UniversalClient, provider trace.TracerProvider) error {
	// Without the statements, which hold the names of your players.
	err := redisotel.InstrumentTracing(rdb, redisotel.WithTracerProvider(provider), redisotel.WithDBStatement(false))
	if err != nil {
		return err
	}
	// Behind redisotel's hook, so that the span has begun.
	if many, ok := rdb.(perNode); ok {
		many.OnNewNode(func(node *redis.Client) { node.AddHook(named{}) })
	} else {
		rdb.AddHook(named{})
	}
	return nil
}

// perNode is a client whose nodes have the hooks: that of a cluster, or a Ring.
type perNode interface {
	OnNewNode(fn func(node *redis.Client))
}

// named is a hook that names the span of a script: "match/tick", where redisotel says "evalsha".
type named struct{}

// ProcessHook names the span of a command.
func (named) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		if script := matchq.ScriptName(cmd); script != "" {
			trace.SpanFromContext(ctx).SetName(script)
		}
		return next(ctx, cmd)
	}
}

// DialHook changes nothing.
func (named) DialHook(next redis.DialHook) redis.DialHook { return next }

// ProcessPipelineHook changes nothing: the library has no scripts in pipelines.
func (named) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

// play queues two players and matches them. Each step has a span of the game's, in which the library's scripts are.
func play(ctx context.Context, rdb redis.UniversalClient, namespace string, provider trace.TracerProvider) error {
	if err := instrument(rdb, provider); err != nil {
		return err
	}
	m, err := matchq.New(rdb, matchq.Config{Namespace: namespace})
	if err != nil {
		return err
	}
	game := provider.Tracer("game")
	for _, player := range []string{"alice", "bob"} {
		ctx, span := game.Start(ctx, "play "+player)
		_, err := m.Enqueue(ctx, matchq.Request{Queue: "history", Player: player})
		span.End()
		if err != nil {
			return err
		}
	}
	ctx, span := game.Start(ctx, "match")
	defer span.End()
	_, err = m.Tick(ctx, "history") // Run does this in a real game
	return err
}
