package main

import (
	"context"
	"errors"
	"sync"

	"github.com/matchq/matchq/matchq"
)

// director finds a game server for each match, and tells its players. Several may run: each match goes to one of them.
type director struct {
	m     *matchq.Matcher
	fleet *fleet
}

func (d *director) run(ctx context.Context) error {
	return d.m.Consume(ctx, matchq.ConsumeOptions{Group: "director"}, d.direct)
}

// direct may be called again for a match, if this process dies or Redis is away: both of its ends are safe to repeat.
func (d *director) direct(ctx context.Context, event matchq.Event) error {
	server, err := d.fleet.allocate(event.MatchID)
	if err != nil { // its players wait again, ahead of the others; an error that may pass could be returned instead
		_, _, err = d.m.Release(ctx, event.MatchID, "no_server")
		return err
	}
	_, err = d.m.Assign(ctx, event.MatchID, matchq.Assignment{Connection: server})
	if errors.Is(err, matchq.ErrReleased) {
		return nil // by another delivery of this event
	}
	return err
}

// fleet stands for Agones, GameLift or servers of your own.
type fleet struct {
	mu    sync.Mutex
	free  []string
	fails int // how many matches get no server at first
	given map[string]string
}

// allocate takes a free server for a match, the same one if it is asked again.
func (f *fleet) allocate(match string) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if server, ok := f.given[match]; ok {
		return server, nil
	}
	if f.fails > 0 || len(f.free) == 0 {
		f.fails = max(0, f.fails-1)
		return "", errors.New("no server is free")
	}
	f.given[match], f.free = f.free[0], f.free[1:]
	return f.given[match], nil
}
