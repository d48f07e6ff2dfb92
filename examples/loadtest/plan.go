package main

import (
	"math"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/rs/xid"
)

// newPlayers makes the players. Their names differ from those of other runs.
func newPlayers(o *options) []*player {
	names := "load-" + xid.New().String() + "-"
	queue := queues(o)
	players := make([]*player, o.players)
	for i := range players {
		players[i] = &player{index: i, name: names + strconv.Itoa(i), queue: queue()}
	}
	return players
}

// queues returns a function that chooses a queue.
func queues(o *options) func() string {
	random := rand.New(rand.NewPCG(o.seed, 0))
	choose := func() uint64 { return random.Uint64N(uint64(o.queues)) }
	if o.zipf > 1 {
		choose = rand.NewZipf(random, o.zipf, 1, uint64(o.queues-1)).Uint64
	}
	return func() string { return o.queue + "-" + strconv.FormatUint(choose()+1, 10) }
}

// arrival is when the nth player asks, counted from 0, after the begin. The rate rises evenly during the ramp.
func (o *options) arrival(n int) time.Duration {
	if o.burst {
		return 0
	}
	ramp := o.ramp.Seconds()
	if inRamp := o.rate * ramp / 2; float64(n) < inRamp {
		return seconds(math.Sqrt(2 * ramp * float64(n) / o.rate))
	}
	return seconds(ramp/2 + float64(n)/o.rate)
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }
