package limits

import (
	"context"
	"errors"
	"time"

	"github.com/go-redis/redis_rate/v10"
	"github.com/redis/go-redis/v9"
)

// charge is a number of tickets of one name.
type charge struct {
	bucket

	name  string
	n     int
	ahead bool // for a lease
}

func (c *charge) key() string { return c.what + ":" + c.name }

// outcome is what became of a charge.
type outcome struct {
	*redis_rate.Result

	err error
}

// chargeAll makes charges in one round trip, or two if some are refused. The charges of one name are made as one that
// has their sum, if that can pass at all; if it is refused each is made by itself, in order.
func (l *Limiter) chargeAll(ctx context.Context, charges []charge) []outcome {
	outcomes := make([]outcome, len(charges))
	sums, of := sum(charges)
	var alone []charge
	var at []int
	for i, made := range l.send(ctx, sums) {
		for _, place := range of[i] {
			outcomes[place] = made
			if made.err == nil && made.Allowed == 0 && len(of[i]) > 1 {
				alone, at = append(alone, charges[place]), append(at, place)
			}
		}
	}
	for i, made := range l.send(ctx, alone) {
		outcomes[at[i]] = made
	}
	return outcomes
}

// sum adds up the charges of each name, as long as the sum can pass. of says which charges a sum is of.
func sum(charges []charge) (sums []charge, of [][]int) {
	last := map[string]int{}
	for i := range charges {
		c := &charges[i]
		key := c.key()
		if at, found := last[key]; found && sums[at].n+c.n <= c.Tickets {
			sums[at].n += c.n
			of[at] = append(of[at], i)
			continue
		}
		last[key] = len(sums)
		sums, of = append(sums, *c), append(of, []int{i})
	}
	return sums, of
}

// send makes charges in one round trip.
//
// The package redis_rate makes one call each. So it runs twice: on a noter, which keeps the call that it would make, and
// on a player, which has the answer that Redis gave to that call.
func (l *Limiter) send(ctx context.Context, charges []charge) []outcome {
	outcomes := make([]outcome, len(charges))
	if len(charges) == 0 {
		return outcomes
	}
	pipe := l.space.Pipeline()
	calls := make([]*redis.Cmd, len(charges))
	for i := range charges {
		c := &charges[i]
		noted := l.ones[c.what]
		if c.n != 1 || noted == nil {
			if noted, outcomes[i].err = c.note(ctx); noted == nil {
				continue
			}
		}
		calls[i] = pipe.EvalSha(ctx, noted.sha, []string{l.space.prefix + noted.begin + c.name}, noted.args...)
	}
	_, _ = pipe.Exec(ctx) // each call has its error
	for i, call := range calls {
		if call != nil {
			outcomes[i] = l.finish(ctx, &charges[i], call)
		}
	}
	return outcomes
}

// note notes the call that redis_rate would make for charges of this size, of any name.
func (c *charge) note(ctx context.Context) (*noter, error) {
	nameless := *c
	nameless.name = ""
	noted := &noter{}
	if _, err := nameless.allow(ctx, noted); !errors.Is(err, errNoted) {
		return nil, err
	}
	return noted, nil
}

// allow lets redis_rate make a charge through a client.
func (c *charge) allow(ctx context.Context, through client) (*redis_rate.Result, error) {
	return redis_rate.NewLimiter(through).AllowN(ctx, c.key(), c.limit(c.n), c.n)
}

// finish makes the outcome of a charge from Redis's answer. A count further ahead of Redis's clock than a charge can
// bring it is older than a jump of that clock. It is dropped, else it would refuse everything until the clock has caught
// up.
func (l *Limiter) finish(ctx context.Context, c *charge, call *redis.Cmd) outcome {
	result, err := c.allow(ctx, player{l.space, call})
	if err != nil || result.Allowed > 0 || result.ResetAfter <= c.fullFor() {
		return outcome{result, err}
	}
	if err := redis_rate.NewLimiter(l.space).Reset(ctx, c.key()); err != nil {
		return outcome{nil, err}
	}
	result, err = c.allow(ctx, l.space)
	return outcome{result, err}
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
