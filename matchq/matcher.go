package matchq

import (
	"context"
	"strings"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/agreement"
	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/sender"
	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/vigil"
	"github.com/matchq/matchq/matchq/internal/waiters"
)

// Matcher works on one namespace. It is safe for use by many goroutines. Make one a process and share it: requests that
// come at the same time go to Redis in one call.
//
// It runs nothing by itself: some process must call Run, which ticks, expires and forgets.
type Matcher struct {
	cfg   Config
	space *space.Space
	vigil *vigil.Vigil

	rules    *rulebook.Keeper
	sender   *sender.Sender[row, answer]
	waiters  *waiters.Waiters[Ticket]
	hooks    hooks
	voider   *voider
	atOnce   *atOnce
	tickLane chan struct{} // one tick call at a time
	forgotMS atomic.Int64  // when Tick last found nothing more to forget, by Redis's clock
}

// New makes a Matcher on a client of yours, which stays yours to close. It does not talk to Redis yet. The error is an
// *InvalidError about cfg, or a client that is nil; or a *PolicyError if the policy is not Lua 5.1 or returns no function.
// A wrapper of a *redis.Client needs its method Options: by the database there, the messages of one namespace in two
// databases are told apart.
//
// Matchers of many namespaces may share a client. Behind a *redis.Client all that follow events, Watch, Wait, Consume and
// ConsumeTogether, read through one connection; in a cluster, behind a Ring or a wrapper each namespace has one. Beside it
// a Matcher takes up to four connections for moments: two for enqueues, one for ticks, one for other calls each.
//
// The client may repeat a command whose reply was lost, as go-redis does by default: every script allows for it.
// Set its ContextTimeoutEnabled, so that an abandoned call does not hold a connection until ReadTimeout.
func New(rdb redis.UniversalClient, cfg Config) (*Matcher, error) {
	cfg, err := complete(cfg)
	if err != nil {
		return nil, err
	}
	if space.IsNil(rdb) {
		return nil, &InvalidError{"client", "must not be nil"}
	}
	m := &Matcher{cfg: cfg, tickLane: make(chan struct{}, 1)}
	m.space = space.New(space.Config{
		Client: rdb, Namespace: cfg.Namespace, Timeout: cfg.Timeout, Logger: cfg.Logger,
		Guard:   space.Guard{Fingerprint: cfg.fingerprint(), Agree: m.agree},
		Refused: func(r space.Refusal) error { e := RefusedError(r); return &e },
	})
	m.rules = rulebook.New(m.space, rulebook.Settings{
		Patch: func(r *Rules) { cfg.patch(r) }, Fields: strings.Join(cfg.patch(new(Rules)), " "), Rules: cfg.Rules, By: cfg.By,
	})
	m.vigil = vigil.New(m.space, cfg.OnLoss)
	m.atOnce = &atOnce{m: m, outage: space.Outage{
		Log: cfg.Logger, Begins: "matchq: queues are ticked later", Ends: "matchq: queues are ticked at once again",
	}}
	m.sender, m.waiters = newSender(m), newWaiters(m)
	m.voider = &voider{m: m}
	m.AddHooks(cfg.Hooks)
	return m, nil
}

func init() {
	space.Register(func(matcher any) *space.Space { return matcher.(*Matcher).space }) //nolint:forcetypeassert // internal
	vigil.Register(func(matcher any) *vigil.Vigil { return matcher.(*Matcher).vigil }) //nolint:forcetypeassert // internal
}

// HashTag is how the names of all keys of the namespace begin, such as {matchq}: in a Redis Cluster it decides on which
// node they live.
func (m *Matcher) HashTag() string { return m.space.HashTag() }

// Config returns the configuration, defaults filled in. Rules in force may say otherwise: see Rules.
func (m *Matcher) Config() Config { return m.cfg }

// agree makes this node's configuration the namespace's, if there is none or no ticket and no process lives by it. A node
// whose configuration was in force before does not overrule the others later on.
func (m *Matcher) agree(ctx context.Context, theirs string, before bool) error {
	mine := m.cfg.fingerprint()
	if theirs != "" && before {
		return &ConfigError{Mine: mine, Theirs: theirs}
	}
	theirs, err := agreement.Configure(ctx, m.space, mine)
	if err == nil && theirs != "" {
		return &ConfigError{Mine: mine, Theirs: theirs}
	}
	return err
}
