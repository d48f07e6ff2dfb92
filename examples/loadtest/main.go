// Loadtest measures a running matchq server: thousands of players ask to be matched, over WebSockets or HTTP, and it
// prints how long each step took. It also checks the messages to every player, and exits with 1 if the server broke a
// promise, 2 if the test could not run.
//
// usage: loadtest [--url URL] [--http] [--players N] [--burst | --rate N --ramp D --duration D] …
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

const (
	exitBroken = 1 // the server broke a promise
	exitFailed = 2 // the test could not run

	spareFiles = 200 // open files that are no player's connection
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run runs a test and returns the exit code. The table goes to out, progress and errors to log.
func run(ctx context.Context, args []string, out, log io.Writer) int {
	o, err := parse(args, log)
	if errors.Is(err, flag.ErrHelp) {
		return 0
	}
	if err == nil {
		err = needFiles(o.players + spareFiles)
	}
	if err != nil {
		fmt.Fprintln(log, "loadtest:", err)
		return exitFailed
	}
	t := newTest(o, log)
	if err := t.run(ctx); err != nil {
		fmt.Fprintln(log, "loadtest:", err)
		return exitFailed
	}
	r := t.report()
	r.print(out)
	if err := r.save(o.json, o.svg); err != nil {
		fmt.Fprintln(log, "loadtest:", err)
		return exitFailed
	}
	if len(r.Broken) > 0 {
		return exitBroken
	}
	return 0
}
