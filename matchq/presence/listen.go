package presence

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
)

// A payload of a node's channel begins with one of these and a tab.
const (
	messageMark  = "m" // a line for each message: player, seq, event, dedup key, data
	replacedMark = "r" // node of the newer connection, player, older connection
)

// channelSize is how many messages may wait for OnMessage before the node stops reading.
const channelSize = 1024

// listen hands over the messages that come by the node's channel until ctx ends. It reads the subscription itself: the
// driver's own channel waits for ever, in silence, when Redis refuses to subscribe.
func (n *Node) listen(ctx context.Context) {
	outage := space.Outage{
		Log: n.p.space.Log(), Begins: "matchq: redis is away or refuses, players of this node get their messages late",
		Ends: "matchq: redis answers, players of this node get their messages at once", Attrs: []any{"channel", n.p.space.Channel(n.cfg.ID)},
	}
	for ctx.Err() == nil {
		if err := n.subscribe(ctx, outage.Over); err != nil && ctx.Err() == nil {
			outage.Wait(ctx, n.p.space.Failure("subscribe", err, false))
		}
	}
}

// probeEvery is how often a subscription on which nothing comes is asked for a sign of life.
const probeEvery = 3 * time.Second

// errSilent says that a connection gave no sign of life.
var errSilent = errors.New("no sign of life")

// subscribe listens by one connection until that fails, or ctx ends.
func (n *Node) subscribe(ctx context.Context, works func()) error {
	subscription := n.p.space.Client().Subscribe(ctx)
	defer func() { _ = subscription.Close() }() // Redis is told, or away; ends the goroutine that reads
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	heard, failed := make(chan any, channelSize), make(chan error, 1)
	go func() { failed <- readAll(ctx, subscription, n.p.space.Channel(n.cfg.ID), heard) }()
	probe := time.NewTicker(probeEvery)
	defer probe.Stop()
	silent := false
	for {
		select {
		case <-ctx.Done():
			return nil
		case err := <-failed:
			return err
		case what := <-heard:
			silent = false
			n.hear(ctx, what, works)
		case <-probe.C:
			if silent && len(heard) == 0 {
				return errSilent
			}
			silent = true
			if err := subscription.Ping(ctx); err != nil {
				return err
			}
		}
	}
}

// readAll subscribes to a channel and reads until that fails.
func readAll(ctx context.Context, subscription *redis.PubSub, channel string, heard chan<- any) error {
	if err := subscription.Subscribe(ctx, channel); err != nil {
		return err
	}
	for {
		what, err := subscription.Receive(ctx)
		if err != nil {
			return err
		}
		select {
		case heard <- what:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// hear takes a message of a subscription. Whenever that has begun, again or for the first time, the node asks for the
// messages that it missed, while newer ones wait.
func (n *Node) hear(ctx context.Context, what any, works func()) {
	switch what := what.(type) {
	case *redis.Subscription:
		works()
		n.table.markMissed()
		if err := n.resync(ctx); err != nil {
			n.wakeRun() // Run tries again
		}
	case *redis.Message:
		n.receive(what.Payload)
	}
}

// receive takes a payload of the channel.
func (n *Node) receive(payload string) {
	mark, rest, _ := strings.Cut(payload, "\t")
	switch mark {
	case messageMark:
		for line := range strings.SplitSeq(rest, "\n") {
			if msg, err := publishedMessage(line); err == nil {
				n.table.hear(&msg)
			}
		}
	case replacedMark:
		fields := strings.Split(rest, "\t")
		if len(fields) != 3 || fields[0] == n.cfg.ID { // Connect knows, unless it was given up and Redis got it all the same
			return
		}
		n.table.drop(fields[1], fields[2])
		n.cfg.OnReplaced(fields[1], fields[2])
	}
}
