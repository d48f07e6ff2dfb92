package vigil

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

// every is how often Redis is asked for its identity.
const every = 500 * time.Millisecond

// rest is how long no queue is matched after a change. Each process has noticed by then, and had the time to cancel what
// waits again though its players were told of its end.
const rest = 2 * every

// Vigil watches over the Redis of a namespace: one a process. It asks while anybody follows it.
type Vigil struct {
	space   *space.Space
	log     func(before, now Identity)
	changed func() // the user's hook, nil for none

	blinding sync.Mutex // one call of blind at a time
	jumps    atomic.Int64

	mu        sync.Mutex
	known     *Identity
	noted     int           // how often known was set to another one
	blind     bool          // a change was seen, and Redis was not told yet to count nobody as absent
	lease     time.Duration // the longest of this process
	again     []time.Time   // when followers are called once more, in order
	rested    time.Time     // when ticks go on after a change
	followers map[*follower]bool
	stop      context.CancelFunc // of the goroutine that asks
}

type follower struct{ changed func() }

// New makes a Vigil. changed, if set, is called after each change; see Follow.
func New(in *space.Space, changed func()) *Vigil {
	v := &Vigil{space: in, changed: changed, followers: map[*follower]bool{}}
	v.log = func(before, now Identity) {
		in.Log().Warn("matchq: redis was replaced or emptied, and may have lost acknowledged writes",
			"was", before, "is", now)
	}
	return v
}

// Follow has Redis asked twice a second until leave is called. changed, if set, is called when Redis was replaced or
// emptied, once more before the next tick and when a call to the old one can't be acknowledged any more, and when its
// clock was set. It must return quickly. lease is how long Redis counts nobody as absent after a change, at least.
func (v *Vigil) Follow(ctx context.Context, lease time.Duration, changed func()) (leave func()) {
	f := &follower{changed}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.followers[f] = true
	v.lease = max(v.lease, lease)
	if v.stop == nil {
		// The goroutine serves later followers too, so it must not end with the first one's context.
		asking, cancel := context.WithCancel(context.WithoutCancel(ctx))
		v.stop = cancel
		go v.ask(asking)
	}
	return func() {
		v.mu.Lock()
		defer v.mu.Unlock()
		delete(v.followers, f)
		if len(v.followers) == 0 && v.stop != nil {
			v.stop()
			v.stop = nil
		}
	}
}

// ask asks for the identity until ctx ends. A clock that was set may have ended times to live, or put off due work:
// all is looked up as after a change.
func (v *Vigil) ask(ctx context.Context) {
	var last reading
	for ctx.Err() == nil {
		found, now, err := look(ctx, v.space)
		if err == nil { // else Redis is away, or refuses: others say so
			if now.jumped(last) {
				v.space.Log().Warn("matchq: redis's clock was set", "is", now.redis)
				v.jumps.Add(1)
				v.call()
			}
			last = now
			_ = v.saw(ctx, found) // likewise
		}
		v.repeat()
		space.Sleep(ctx, every)
	}
}

// Check asks for the identity now. If it has changed, all is done that must precede a tick. Errors: ErrUnavailable, or a
// refusal.
func (v *Vigil) Check(ctx context.Context) error {
	now, _, err := look(ctx, v.space)
	if err != nil {
		return err
	}
	return v.saw(ctx, now)
}

// saw is Check for an identity that another call has brought along.
func (v *Vigil) saw(ctx context.Context, now Identity) error {
	after := unknownAge
	for {
		before, found, change := v.compare(now, after)
		if found != unsure {
			if found == changed {
				v.log(before, now)
				v.call()
			}
			return v.tellRedis(ctx)
		}
		after = change // now may have been read before the one that is known: that another call brought later is no change
		var err error
		if now, _, err = look(ctx, v.space); err != nil {
			return err
		}
	}
}

// SawBeforeTick is saw for what ticks next. After a change it waits for a second.
func (v *Vigil) SawBeforeTick(ctx context.Context, now Identity) error {
	if err := v.saw(ctx, now); err != nil {
		return err
	}
	v.mu.Lock()
	rested := v.rested
	v.mu.Unlock()
	if left := time.Until(rested); left > 0 {
		space.Sleep(ctx, left)
	}
	return ctx.Err()
}

// What compare finds.
type comparison int

const (
	same comparison = iota
	changed
	unsure
)

// unknownAge is for an identity that was read nobody knows when.
const unknownAge = -1

// compare notes an identity, and says whether it is another one than before. after is Vigil.noted of when it was asked for.
// If that is not the present one, which change is, an identity that differs may be older than the one that is known: it is
// not noted.
func (v *Vigil) compare(now Identity, after int) (before Identity, found comparison, change int) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.known != nil {
		before = *v.known
		if !now.Follows(before) && after != v.noted {
			return before, unsure, v.noted
		}
		if !now.Follows(before) {
			found = changed
		}
		if now.Replication == "" {
			now.Replication = before.Replication
		}
	}
	if v.known == nil || now != before {
		v.known = &now
		v.noted++
	}
	if found == changed {
		v.blind, v.rested = true, time.Now().Add(rest)
		// Another connection may bring events of the old Redis until it breaks, and a call that was under way to it may
		// be acknowledged until it times out.
		v.again = []time.Time{time.Now().Add(rest / 2), time.Now().Add(v.space.Timeout() + time.Second)}
	}
	return before, found, v.noted
}

// Jumps is how often Redis's clock was set since this process looks.
func (v *Vigil) Jumps() int64 { return v.jumps.Load() }

// repeat calls the followers once more when it is time to.
func (v *Vigil) repeat() {
	v.mu.Lock()
	due := len(v.again) > 0 && !time.Now().Before(v.again[0])
	if due {
		v.again = v.again[1:]
	}
	v.mu.Unlock()
	if due {
		v.call()
	}
}

func (v *Vigil) call() {
	v.mu.Lock()
	var calls []func()
	for f := range v.followers {
		calls = append(calls, f.changed)
	}
	v.mu.Unlock()
	for _, changed := range append(calls, v.changed) {
		if changed != nil {
			changed()
		}
	}
}

var blindScript = space.Bind[blindArgs]("match/blind")

type blindArgs struct {
	LeaseMS int64 `lua:"lease_ms"`
}

// tellRedis has Redis count nobody as absent after a change, until that was done.
func (v *Vigil) tellRedis(ctx context.Context) error {
	v.blinding.Lock()
	defer v.blinding.Unlock()
	v.mu.Lock()
	due, lease := v.blind, v.lease
	v.mu.Unlock()
	if !due {
		return nil
	}
	if _, err := blindScript.Call(ctx, v.space, blindArgs{LeaseMS: lease.Milliseconds()}); err != nil {
		return err
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.blind = false
	return nil
}

// of is set by Register.
var of func(matcher any) *Vigil

// Register tells how to reach the Vigil of a matchq.Matcher, which this package can't know.
func Register(reach func(matcher any) *Vigil) { of = reach }

// Of is the Vigil of a *matchq.Matcher, for the packages beside matchq.
func Of(matcher any) *Vigil { return of(matcher) }
