package matchq

import (
	"context"
	"sync"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
)

// Matcher works on one namespace. It is safe for use by many goroutines. Make one a process and share it: requests that
// come at the same time go to Redis in one call.
//
// It runs nothing by itself: some process must call Run, which ticks, expires and forgets.
type Matcher struct {
	cfg   Config
	space *space.Space

	sender   *sender
	voider   *voider
	atOnce   *atOnce
	tickLane chan struct{} // one tick call at a time
	onTick   sync.Mutex
}

// New makes a Matcher on a client of yours, which stays yours to close. It does not talk to Redis yet. The error is an
// *InvalidError about cfg, or a *PolicyError if its policy is not Lua 5.1 or returns no function.
//
// The client may repeat a command whose reply was lost, as go-redis does by default: every script allows for it.
// Set its ContextTimeoutEnabled, so that an abandoned call does not hold a connection until ReadTimeout.
func New(rdb redis.UniversalClient, cfg Config) (*Matcher, error) {
	cfg, err := complete(cfg)
	if err != nil {
		return nil, err
	}
	policy, err := cfg.Policy.script()
	if err != nil {
		return nil, err
	}
	m := &Matcher{cfg: cfg, tickLane: make(chan struct{}, 1)}
	m.space, err = space.New(space.Config{
		Client: rdb, Namespace: cfg.Namespace, Timeout: cfg.Timeout, Logger: cfg.Logger, Policy: policy,
		Guard: space.Guard{Fingerprint: cfg.fingerprint(), Agree: m.agree},
	})
	if err != nil {
		return nil, err
	}
	m.atOnce = &atOnce{m: m}
	m.sender = newSender(m.space, cfg.Limit, m.enqueueRows, m.atOnce.sent)
	m.voider = &voider{m: m}
	return m, nil
}

func init() {
	space.Register(func(matcher any) *space.Space { return matcher.(*Matcher).space }) //nolint:forcetypeassert // internal
}

// HashTag is how the names of all keys of the namespace begin, such as {matchq}: in a Redis Cluster it decides on which
// node they live.
func (m *Matcher) HashTag() string { return m.space.HashTag() }

// Config returns the configuration in use, defaults filled in.
func (m *Matcher) Config() Config { return m.cfg }

var configureScript = space.Bind[configureArgs]("match/configure")

type configureArgs struct {
	Fingerprint string `lua:"fingerprint"`
}

// agree makes this node's configuration the namespace's, if there is none or no ticket lives by it. A node whose
// configuration was in force before does not overrule the others later on.
func (m *Matcher) agree(ctx context.Context, theirs string, before bool) error {
	mine := m.cfg.fingerprint()
	if theirs != "" && before {
		return &ConfigError{Mine: mine, Theirs: theirs}
	}
	r, err := configureScript.CallToEnd(ctx, m.space, configureArgs{Fingerprint: mine})
	if err != nil {
		return err
	}
	if r.Text() == "config" {
		return &ConfigError{Mine: mine, Theirs: r.Text()}
	}
	return r.Err
}

// isSettled tells an error after which it is known that the script changed nothing, and that repeating won't help.
func isSettled(err error) bool { return space.IsSettled(err) }
