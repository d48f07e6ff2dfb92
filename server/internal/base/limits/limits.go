// Package limits has the rate limits of players and addresses, on all nodes together, and bounds for one node.
package limits

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// Limiter counts tickets in Redis. A nil Limiter has no limits.
type Limiter struct {
	rate            *redis_rate.Limiter
	namespace       string
	player, address Rate
}

// New makes a Limiter for a namespace.
func New(rdb redis.UniversalClient, namespace string, player, address Rate) *Limiter {
	return &Limiter{rate: redis_rate.NewLimiter(rdb), namespace: namespace, player: player, address: address}
}

// Address charges an address for tickets.
func (l *Limiter) Address(ctx context.Context, address string, tickets int) error {
	if l == nil || tickets == 0 {
		return nil
	}
	return l.charge(ctx, l.address, "address", addressKey(address), tickets)
}

// Player charges a player for one ticket.
func (l *Limiter) Player(ctx context.Context, player string) error {
	if l == nil || len(player) > matchq.MaxName {
		return nil // the library refuses such a name
	}
	return l.charge(ctx, l.player, "player", player, 1)
}

// concurrency is the number of players of a batch that are charged at a time.
const concurrency = 4

// Players charges each player for one ticket and returns an error each.
func (l *Limiter) Players(ctx context.Context, players []string) []error {
	errs := make([]error, len(players))
	if l == nil || l.player.Off() {
		return errs
	}
	next := make(chan int)
	var workers sync.WaitGroup
	for range min(concurrency, len(players)) {
		workers.Go(func() {
			for i := range next {
				errs[i] = l.Player(ctx, players[i])
			}
		})
	}
	for i := range players {
		next <- i
	}
	close(next)
	workers.Wait()
	return errs
}

func (l *Limiter) charge(ctx context.Context, rate Rate, what, name string, n int) error {
	if rate.Off() {
		return nil
	}
	result, err := l.rate.AllowN(ctx, l.namespace+":"+what+":"+name, rate.limit(n), n)
	if err != nil {
		return wire.RedisError(err) // passing everything would be no limit
	}
	if result.Allowed == 0 {
		f := wire.Errorf(wire.CodeRateLimited, "more than %d tickets in %v for this %s; try again later", rate.Tickets, rate.Per, what)
		f.RetryAfter = max(result.RetryAfter, time.Millisecond)
		return f
	}
	return nil
}

// addressKey is an IPv4 address, or the /64 of an IPv6 subscriber.
func addressKey(address string) string {
	ip, err := netip.ParseAddr(address)
	if err != nil || ip.Unmap().Is4() {
		return address
	}
	prefix, err := ip.WithZone("").Prefix(64)
	if err != nil {
		return address
	}
	return prefix.String()
}
