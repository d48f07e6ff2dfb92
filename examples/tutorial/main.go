// Tutorial is a matchmaker in the parts that Open Match's tutorials have: a game frontend, a match profile, a director.
// Here they are functions on one library. README.md says which is which.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/rules"
)

func main() {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := run(ctx, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "tutorial:", err)
		os.Exit(1)
	}
}

// profile has the players that may meet: those of one mode, whose ratings are near. They need not be so near once they have
// waited.
var profile = matchq.Rules{
	Interval: 200 * time.Millisecond,
	Rules: []rules.Rule{
		{Type: rules.Equal, Attribute: "mode"},
		{Type: rules.Distance, Max: 100, Expand: rules.Expand{By: 25, Every: time.Second, To: 500}},
	},
}

var players = []player{
	{"alice", "demo", 1500}, {"bob", "capture", 1510}, {"carol", "demo", 1900},
	{"dave", "demo", 1580}, {"erin", "capture", 1450}, {"frank", "demo", 1840},
}

// run has some players find their servers, and prints where they play.
func run(ctx context.Context, out io.Writer) error {
	embedded := miniredis.NewMiniRedis() // a real Redis needs only its address
	if err := embedded.Start(); err != nil {
		return err
	}
	defer embedded.Close()
	rdb := redis.NewClient(&redis.Options{Addr: embedded.Addr(), ContextTimeoutEnabled: true})
	defer rdb.Close()
	m, err := matchq.New(rdb, matchq.Config{Namespace: "tutorial", Rules: map[string]matchq.Rules{"arena": profile}})
	if err != nil {
		return err
	}

	// Each of these would be a program of its own, in as many processes as you like.
	working, stop := context.WithCancel(ctx)
	var work sync.WaitGroup
	failed := make(chan error, 2)
	servers := []string{"10.0.0.1:7777", "10.0.0.2:7777", "10.0.0.3:7777"}
	d := &director{m, &fleet{free: servers, fails: 1, given: map[string]string{}}}
	for _, job := range []func(context.Context) error{m.Run, d.run} {
		work.Go(func() { failed <- job(working) })
	}

	f := &frontend{m: m}
	lines := make(chan string)
	var playing sync.WaitGroup
	for _, p := range players {
		playing.Go(func() {
			found, err := f.play(ctx, p)
			if err != nil {
				lines <- fmt.Sprintf("%s plays nowhere: %v", p.name, err)
				return
			}
			lines <- fmt.Sprintf("%s plays %s on %s with %v", p.name, p.mode, found.Assignment.Connection, found.Players())
		})
	}
	go func() { playing.Wait(); close(lines) }()
	for line := range lines {
		fmt.Fprintln(out, line)
	}
	stop()
	work.Wait()
	return errors.Join(<-failed, <-failed)
}
