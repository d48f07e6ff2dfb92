// Package space is a namespace in Redis: its keys, its scripts, their replies, and what an error of the driver means.
// It knows nothing of tickets, players or rooms. Only this package makes names of keys and runs scripts.
package space

import (
	"context"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/lua"
)

// Config says how a Space works. All of it must be set.
type Config struct {
	Client    redis.UniversalClient
	Namespace string
	Timeout   time.Duration // the longest a call takes
	Logger    *slog.Logger
	Policy    string // the matching policy, as lua.Source takes it
	Guard     Guard
}

// Guard keeps nodes with different settings from working on one namespace.
type Guard struct {
	// Fingerprint names the settings that nodes must share.
	Fingerprint string

	// Agree is called when another fingerprint, or none (""), is in force. If it returns nil the call is repeated. before
	// says whether ours was once in force.
	Agree func(ctx context.Context, theirs string, before bool) error
}

// Space is a namespace in Redis. It is safe for use by many goroutines.
type Space struct {
	client  redis.UniversalClient
	timeout time.Duration
	log     *slog.Logger
	prefix  string
	once    []string // the names of the keys that the namespace has once, in the order of onceNames
	scripts map[string]*redis.Script
	guard   Guard
	agreed  atomic.Bool // our fingerprint was once found in force
}

// New makes a Space. It does not talk to Redis.
func New(cfg Config) (*Space, error) {
	s := &Space{
		client: cfg.Client, timeout: cfg.Timeout, log: cfg.Logger, guard: cfg.Guard,
		prefix: "{" + cfg.Namespace + "}:", scripts: map[string]*redis.Script{},
	}
	for _, name := range onceNames {
		s.once = append(s.once, s.prefix+name)
	}
	for _, name := range lua.Scripts() {
		source, err := lua.Source(name, cfg.Policy)
		if err != nil {
			return nil, err
		}
		s.scripts[name] = redis.NewScript(source)
	}
	return s, nil
}

// Policy is the source of a built-in policy.
func Policy(name string) string {
	source, ok := lua.Policy(name)
	if !ok {
		panic("space: no policy " + name) // it is embedded
	}
	return source
}

// Client is the namespace's connection to Redis.
func (s *Space) Client() redis.UniversalClient { return s.client }

// Timeout is the longest a call takes.
func (s *Space) Timeout() time.Duration { return s.timeout }

// Log is where goroutines of the library report errors that no caller can be told.
func (s *Space) Log() *slog.Logger { return s.log }

// of is set by Register.
var of func(matcher any) *Space

// Register tells how to reach the Space of a matchq.Matcher, which this package can't know.
func Register(reach func(matcher any) *Space) { of = reach }

// Of is the Space of a *matchq.Matcher, for the packages beside matchq.
func Of(matcher any) *Space { return of(matcher) }
