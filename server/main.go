// Command server is a matchmaking server: players wait in queues inside Redis and hear of their match by WebSocket or
// HTTP. server --help lists its flags.
package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"

	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
	"github.com/matchq/matchq/server/internal/base/logs"
	"github.com/matchq/matchq/server/internal/base/redisconn"
)

func main() {
	f, err := flags.Parse(os.Args[1:], os.Stdout, os.Stderr, os.Exit)
	if err == nil && f.Version {
		fmt.Println(app.Version())
		return
	}
	if err == nil && f.Healthcheck {
		err = healthcheck(f.ReadyURL())
	} else if err == nil {
		err = serve(configOf(f))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// serve runs until it is interrupted. Stopping takes a bounded time, so further signals change nothing: some tools send
// two at once.
func serve(c app.Config) error {
	slog.SetDefault(c.Log)
	redisconn.LogTo(c.Log)
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	n, err := app.Start(ctx, c)
	if err != nil {
		return err
	}
	return n.Run(ctx)
}

// configOf is the configuration by flags. A log as text on a terminal goes with the first steps to take.
func configOf(f *flags.Flags) app.Config {
	var level slog.Level
	_ = level.UnmarshalText([]byte(f.LogLevel)) // the flag takes nothing else
	info, err := os.Stderr.Stat()
	terminal := err == nil && info.Mode()&os.ModeCharDevice != 0
	text := f.LogFormat == "text" || f.LogFormat == "auto" && terminal
	c := app.NewConfig(f, logs.New(os.Stderr, text, level))
	if terminal && text {
		c.Terminal = os.Stderr
	}
	return c
}

// healthcheck asks a running server whether it is ready.
func healthcheck(url string) error {
	ctx, cancel := context.WithTimeout(context.Background(), flags.HealthTimeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s", url, response.Status)
	}
	fmt.Println("ready")
	return nil
}
