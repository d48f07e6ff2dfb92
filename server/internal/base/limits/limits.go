// Package limits has the rate limits of players and addresses, on all nodes together, and bounds for one node.
package limits

import (
	"cmp"
	"context"
	"net/netip"
	"slices"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/gather"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// MaxBatch is the largest number of tickets in one charge.
const MaxBatch = 1000

// Limiter counts tickets in Redis. A nil Limiter has no limits.
type Limiter struct {
	space           keyspace
	player, address Rate
	leases          *leases           // of addresses
	ones            map[string]*noter // the calls of charges of one ticket, by their limit
	gathered        gather.Group[[]charge, []outcome]
	timeout         time.Duration // of a call
}

const (
	// usualTimeout bounds a call, which outlives the requests that it is for.
	usualTimeout = 1500 * time.Millisecond
	// mostGathered is the number of requests that are charged in one round trip. Each is at most two scripts.
	mostGathered = 64
	// room is for requests that wait to be charged: as many as a node lets wait for their turn.
	room = 20_000
)

// New makes a Limiter for a namespace. Its keys begin with "{namespace}:rate:". timeout is that of a call to Redis; 0 means 1.5 s.
func New(rdb redis.UniversalClient, namespace string, player, address Rate, timeout time.Duration) *Limiter {
	l := &Limiter{
		space: keyspace{rdb, "{" + namespace + "}:"}, player: player, address: address, leases: newLeases(address), timeout: cmp.Or(timeout, usualTimeout),
	}
	l.ones = map[string]*noter{}
	for _, c := range slices.Concat(l.ofAddress("", 1), l.ofPlayers([]string{""})) {
		if noted, _ := c.note(context.Background()); noted != nil { // else each charge finds the error
			l.ones[c.what] = noted
		}
	}
	l.gathered = gather.Group[[]charge, []outcome]{Ask: l.chargeRequests, Timeout: l.timeout, Most: mostGathered, Room: room}
	return l
}

// Check reports whether Redis lets this limiter count. It charges nobody. Without limits it asks nothing.
func (l *Limiter) Check(ctx context.Context) error {
	if l.player.Off() && l.address.Off() {
		return nil
	}
	const name = "check"
	rate := redis_rate.NewLimiter(l.space)
	_, err := rate.AllowN(ctx, name, Rate{Tickets: 1000, Per: time.Second}.limit(1), 1)
	if err == nil {
		err = rate.Reset(ctx, name)
	}
	return err
}

// Address charges an address for tickets.
func (l *Limiter) Address(ctx context.Context, address string, tickets int) error {
	if l == nil || tickets == 0 {
		return nil
	}
	return l.request(ctx, l.ofAddress(addressKey(address), tickets))
}

// Ticket charges an address and a player for one ticket: both, also if one of them refuses.
func (l *Limiter) Ticket(ctx context.Context, address, player string) error {
	if l == nil {
		return nil
	}
	var charges []charge
	address = addressKey(address)
	spent, ahead := l.leases.spend(address, time.Now())
	if !spent {
		charges = l.ofAddress(address, 1)
	}
	if ahead > 0 {
		charges = append(charges, l.ofAddress(address, ahead)...)
		charges[1].ahead = true
	}
	if len(player) <= matchq.MaxName { // the library refuses other names
		charges = append(charges, l.ofPlayers([]string{player})...)
	}
	return l.request(ctx, charges)
}

// Players charges each player for one ticket and returns an error each.
func (l *Limiter) Players(ctx context.Context, players []string) []error {
	errs := make([]error, len(players))
	if l == nil || l.player.Off() {
		return errs
	}
	ctx, cancel := context.WithTimeout(ctx, l.timeout)
	defer cancel()
	charges := l.ofPlayers(players)
	for i, made := range l.chargeAll(ctx, charges) {
		errs[i] = charges[i].problem(made)
	}
	return errs
}

func (l *Limiter) ofAddress(address string, tickets int) []charge {
	if l.address.Off() {
		return nil
	}
	return []charge{{bucket: bucket{l.address, "address", MaxBatch}, name: address, n: tickets}}
}

func (l *Limiter) ofPlayers(players []string) []charge {
	if l.player.Off() {
		return nil
	}
	charges := make([]charge, len(players))
	for i, player := range players {
		charges[i] = charge{bucket: bucket{l.player, "player", 1}, name: player, n: 1}
	}
	return charges
}

// request makes the charges of a request, together with those of other requests.
func (l *Limiter) request(ctx context.Context, charges []charge) error {
	if len(charges) == 0 {
		return nil
	}
	outcomes, err := l.gathered.Do(ctx, charges)
	if err != nil {
		return err
	}
	for i, made := range outcomes {
		if c := &charges[i]; c.ahead && made.err == nil && made.Allowed > 0 {
			l.leases.keep(c.name, c.n, time.Now())
		}
	}
	for i, made := range outcomes {
		if charges[i].ahead {
			continue
		}
		if err := charges[i].problem(made); err != nil {
			return err
		}
	}
	return nil
}

// chargeRequests makes the charges of some requests.
func (l *Limiter) chargeRequests(ctx context.Context, requests [][]charge) ([][]outcome, error) {
	made := l.chargeAll(ctx, slices.Concat(requests...))
	outcomes := make([][]outcome, len(requests))
	for i, charges := range requests {
		outcomes[i], made = made[:len(charges)], made[len(charges):]
	}
	return outcomes, nil
}

// problem is the error of a request whose charge had an outcome; nil if it passes.
func (c *charge) problem(made outcome) error {
	if made.err != nil {
		return wire.RedisError(made.err) // passing everything would be no limit
	}
	if made.Allowed == 0 {
		f := wire.Errorf(wire.CodeRateLimited, "more than %d tickets in %v for this %s; try again later", c.Tickets, c.Per, c.what)
		f.RetryAfter = max(made.RetryAfter, time.Millisecond)
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
