package matchq

import (
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"
)

// Matcher works on one namespace. It is safe for use by many goroutines; make one a process and share it, since it
// sends what its callers enqueue at the same time in one call.
//
// It runs nothing by itself: some process has to call Run, which ticks, expires and forgets.
type Matcher struct {
	rdb         redis.UniversalClient
	cfg         Config
	keys        keys
	scripts     scripts
	fingerprint string
	agreed      atomic.Bool // this node's configuration was once found to be the namespace's

	sender   sender
	voider   voider
	atOnce   atOnce
	tickLane lane
	onTick   sync.Mutex
}

// New makes a Matcher that uses a client of yours, which stays yours to close. It does not talk to Redis yet. The
// error is an *InvalidError about cfg.
//
// The client may repeat a command whose reply was lost, as go-redis does by default: every script bears it.
// Set its ContextTimeoutEnabled, so that a call that is given up does not hold a connection until ReadTimeout.
func New(rdb redis.UniversalClient, cfg Config) (*Matcher, error) {
	cfg, err := complete(cfg)
	if err != nil {
		return nil, err
	}
	s, err := newScripts(cfg.Policy.source)
	if err != nil {
		return nil, err
	}
	return &Matcher{
		rdb: rdb, cfg: cfg, keys: newKeys(cfg.Namespace), scripts: s, fingerprint: cfg.fingerprint(),
		tickLane: newLane(),
	}, nil
}

// HashTag is what the names of all keys of the namespace begin with, such as {matchq}: in a Redis Cluster it says which
// node they live on.
func (m *Matcher) HashTag() string { return m.keys.hashTag() }

// Config returns the configuration in use, defaults filled in.
func (m *Matcher) Config() Config { return m.cfg }
