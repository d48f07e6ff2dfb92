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

// MaxBatch is the largest number of tickets in one charge.
const MaxBatch = 1000

// Limiter counts tickets in Redis. A nil Limiter has no limits.
type Limiter struct {
	rate            *redis_rate.Limiter
	player, address Rate
}

// New makes a Limiter for a namespace. Its keys begin with "{namespace}:rate:".
func New(rdb redis.UniversalClient, namespace string, player, address Rate) *Limiter {
	return &Limiter{rate: redis_rate.NewLimiter(keyspace{rdb, "{" + namespace + "}:"}), player: player, address: address}
}

// Check reports whether Redis lets this limiter count. It charges nobody. Without limits it asks nothing.
func (l *Limiter) Check(ctx context.Context) error {
	if l.player.Off() && l.address.Off() {
		return nil
	}
	const name = "check"
	_, err := l.rate.AllowN(ctx, name, Rate{Tickets: 1000, Per: time.Second}.limit(1), 1)
	if err == nil {
		err = l.rate.Reset(ctx, name)
	}
	return err
}

// Address charges an address for tickets.
func (l *Limiter) Address(ctx context.Context, address string, tickets int) error {
	if l == nil || tickets == 0 {
		return nil
	}
	return l.charge(ctx, bucket{l.address, "address", MaxBatch}, addressKey(address), tickets)
}

// Player charges a player for one ticket.
func (l *Limiter) Player(ctx context.Context, player string) error {
	if l == nil || len(player) > matchq.MaxName {
		return nil // the library refuses such a name
	}
	return l.charge(ctx, bucket{l.player, "player", 1}, player, 1)
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

// bucket is a kind of names that are charged.
type bucket struct {
	Rate

	what string
	most int // tickets in one charge
}

// fullFor is how far a charge can bring a count ahead of Redis's clock. The margin is for its rounding.
func (b bucket) fullFor() time.Duration {
	const margin = 10 * time.Millisecond
	return b.Per*time.Duration(max(b.Tickets, b.most))/time.Duration(b.Tickets) + margin
}

func (l *Limiter) charge(ctx context.Context, b bucket, name string, n int) error {
	if b.Off() {
		return nil
	}
	result, err := l.allow(ctx, b, name, n)
	if err != nil {
		return wire.RedisError(err) // passing everything would be no limit
	}
	if result.Allowed == 0 {
		f := wire.Errorf(wire.CodeRateLimited, "more than %d tickets in %v for this %s; try again later", b.Tickets, b.Per, b.what)
		f.RetryAfter = max(result.RetryAfter, time.Millisecond)
		return f
	}
	return nil
}

// allow charges n tickets. A count further ahead of Redis's clock than a charge can bring it is older than a jump of that
// clock. It is dropped, else it would refuse everything until the clock has caught up.
func (l *Limiter) allow(ctx context.Context, b bucket, name string, n int) (*redis_rate.Result, error) {
	key := b.what + ":" + name
	result, err := l.rate.AllowN(ctx, key, b.limit(n), n)
	if err != nil || result.Allowed > 0 || result.ResetAfter <= b.fullFor() {
		return result, err
	}
	if err := l.rate.Reset(ctx, key); err != nil {
		return nil, err
	}
	return l.rate.AllowN(ctx, key, b.limit(n), n)
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
