// Package space is a namespace in Redis: its keys, its scripts, their replies, and the meaning of the driver's errors.
// It knows nothing of tickets, players or rooms. Only this package makes names of keys and runs scripts.
package space

import (
	"context"
	"log/slog"
	"reflect"
	"sync"
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
	Guard     Guard
	Refused   func(Refusal) error // makes the error that users see; nil for none
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
	db      int      // the database in which the namespace lives
	once    []string // the names of the keys that the namespace has once, in the order of onceNames
	scripts map[string]source
	guard   Guard
	refused func(Refusal) error
	agreed  atomic.Bool // our fingerprint was once found in force
	report  atomic.Pointer[func(script string, took time.Duration, err error)]
}

// New makes a Space. It does not talk to Redis.
func New(cfg Config) *Space {
	s := &Space{
		client: cfg.Client, timeout: cfg.Timeout, log: cfg.Logger, guard: cfg.Guard, refused: cfg.Refused,
		prefix: "{" + cfg.Namespace + "}:", db: databaseOf(cfg.Client), scripts: sources(),
	}
	for _, name := range onceNames {
		s.once = append(s.once, s.prefix+name)
	}
	return s
}

// sources are all scripts, which are put together once.
var sources = sync.OnceValue(func() map[string]source {
	all := map[string]source{}
	for _, name := range lua.Scripts() {
		text, err := lua.Source(name)
		if err != nil {
			panic(err) // they are embedded
		}
		all[name] = source{redis.NewScript(text).Hash(), text}
	}
	return all
})

// scriptNames are the names of all scripts, by the hash or text that the driver sends.
var scriptNames = sync.OnceValue(func() map[string]string {
	names := map[string]string{}
	for name, script := range sources() {
		names[script.hash], names[script.text] = name, name
	}
	return names
})

// ScriptName is the name of the script that a command runs; "" if it runs none of ours.
func ScriptName(cmd redis.Cmder) string {
	args := cmd.Args()
	if len(args) < 2 || args[0] != "evalsha" && args[0] != "eval" {
		return ""
	}
	sent, _ := args[1].(string)
	return scriptNames()[sent]
}

// IsNil says whether there is no client: nil, or a nil pointer in the interface.
func IsNil(client redis.UniversalClient) bool {
	v := reflect.ValueOf(client)
	return !v.IsValid() || v.Kind() == reflect.Pointer && v.IsNil()
}

// databaseOf is the database that a client selects: 0 for a cluster, and for a wrapper without a method Options.
func databaseOf(client redis.UniversalClient) int {
	if c, ok := client.(interface{ Options() *redis.Options }); ok {
		return c.Options().DB
	}
	return 0
}

// Client is the namespace's connection to Redis.
func (s *Space) Client() redis.UniversalClient { return s.client }

// Fingerprint names the settings that nodes must share.
func (s *Space) Fingerprint() string { return s.guard.Fingerprint }

// Timeout is the longest a call takes.
func (s *Space) Timeout() time.Duration { return s.timeout }

// Report has a function called after each call of a script, with its name and how long it took; nil for none.
func (s *Space) Report(to func(script string, took time.Duration, err error)) {
	if to == nil {
		s.report.Store(nil)
		return
	}
	s.report.Store(&to)
}

// Log is where goroutines of the library report errors that no caller can be told.
func (s *Space) Log() *slog.Logger { return s.log }

// of is set by Register.
var of func(matcher any) *Space

// Register tells how to reach the Space of a matchq.Matcher, which this package can't know.
func Register(reach func(matcher any) *Space) { of = reach }

// Of is the Space of a *matchq.Matcher, for the packages beside matchq.
func Of(matcher any) *Space { return of(matcher) }
