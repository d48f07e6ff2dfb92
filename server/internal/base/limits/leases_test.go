package limits_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// charged counts the charges of addresses.
type charged struct{ addresses, players atomic.Int64 }

func (c *charged) DialHook(next redis.DialHook) redis.DialHook          { return next }
func (c *charged) ProcessHook(next redis.ProcessHook) redis.ProcessHook { return next }

func (c *charged) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		for _, cmd := range cmds {
			var what string
			if _, err := fmt.Sscanf(fmt.Sprint(cmd.Args()[3]), "{leases}:rate:%7s", &what); err == nil && what == "address" {
				c.addresses.Add(1)
			} else {
				c.players.Add(1)
			}
		}
		return next(ctx, cmds)
	}
}

// An address that asks often is charged a few times only.
func TestLeasesSaveCharges(t *testing.T) {
	t.Parallel()
	b := &busy{TB: t, rate: limits.Rate{Tickets: 1_000_000, Per: time.Second}}
	b.ask(20_000)
	if b.passed.Load() < 20_000 || b.seen.players.Load() < b.asked.Load() {
		t.Errorf("%d passed of %d, %d players were charged", b.passed.Load(), b.asked.Load(), b.seen.players.Load())
	}
	if got := b.seen.addresses.Load(); got > b.passed.Load()/2 {
		t.Errorf("the address was charged %d times for %d tickets", got, b.passed.Load())
	}
}

// An address gets no more than its limit, on two nodes together, and all of it.
func TestLeasesKeepTheLimit(t *testing.T) {
	t.Parallel()
	b := &busy{TB: t, rate: limits.Rate{Tickets: 2000, Per: time.Second}}
	took := b.ask(6000).Seconds()
	if most := 2000 * (1 + took); float64(b.passed.Load()) > most {
		t.Errorf("%d tickets passed in %.3f s", b.passed.Load(), took)
	}
	if took < 1.9 || b.refused.Load() == 0 {
		t.Errorf("%d tickets passed after %.3f s, and %d were refused", b.passed.Load(), took, b.refused.Load())
	}
}

// busy is an address that asks two nodes for tickets, all for different players.
type busy struct {
	testing.TB
	rate                   limits.Rate
	seen                   charged
	asked, passed, refused atomic.Int64
}

// ask asks until a number of tickets has passed.
func (b *busy) ask(tickets int64) time.Duration {
	b.Helper()
	env := matchqtest.Real(b)
	env.Client.AddHook(&b.seen)
	var all sync.WaitGroup
	began := time.Now()
	for range 2 {
		node := limits.New(env.Client, "leases", limits.Rate{Tickets: 10, Per: time.Second}, b.rate, matchqtest.Patience)
		for range 8 {
			all.Go(func() {
				for b.passed.Load() < tickets && !b.Failed() {
					b.note(node.Ticket(b.Context(), "192.0.2.1", fmt.Sprint("player-", b.asked.Add(1))))
				}
			})
		}
	}
	all.Wait()
	return time.Since(began)
}

func (b *busy) note(err error) {
	switch {
	case err == nil:
		b.passed.Add(1)
	case codeOf(err) == wire.CodeRateLimited:
		b.refused.Add(1)
	default:
		b.Error(err)
	}
}
