package matchq

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/internal/codec"
)

const (
	// AtOnce as Config.Interval matches as soon as somebody is queued, without windows. It is no time to live.
	AtOnce time.Duration = -1

	// Never as a time to live keeps a ticket waiting until it is matched or cancelled. It is no interval.
	Never time.Duration = -2
)

// Config says how a process uses a namespace. Its zero value is ready to use.
//
// Interval, Size, ReadyTimeout, Policy and TTL are rules, which live in Redis and hold on all nodes. The process's first
// call stores those set here under the pattern *, where they hold until another process, or SetRules, sets others. An
// operator's rules are not overwritten; a warning in the log says so. Zero fields follow the rules in force.
type Config struct {
	// Namespace is the prefix and hash tag of all keys. Namespaces know nothing of each other. Defaults to "matchq".
	Namespace string

	// Interval is how long a queue gathers players before they are matched, in whole milliseconds; AtOnce for no windows.
	// Defaults to the rules in force, and those to 5 s.
	Interval time.Duration

	// Size is the number of players of a match, from 2 to 16. Defaults to the rules in force, and those to 2.
	Size int

	// ReadyTimeout is how long the players of a match have to Accept it, in whole milliseconds, at least 100 ms. Defaults
	// to the rules in force, and those to no ready check; Never for none.
	ReadyTimeout time.Duration

	// Policy groups a batch into matches. Defaults to the rules in force, and those to FIFO.
	Policy Policy

	// TTL is how long a ticket waits before it expires, if its request doesn't say, in whole milliseconds; Never for no
	// end. Expiry is noticed at the end of a window. Defaults to the rules in force, and those to 60 s.
	TTL time.Duration

	// Rules are whole rules by pattern, stored as the fields above are. With the pattern * those fields must be zero.
	Rules map[string]Rules

	// By names this process as the author of its rules: a name. Defaults to "configuration".
	By string

	// Retention is how long events and the outcomes of tickets are kept, at least 1 s. Defaults to 2 min. It must be the
	// same on all nodes that use the namespace: a node with another gets a *ConfigError from every call that writes.
	Retention time.Duration

	// Limit is the most tickets that one call may touch, from 32 to 500. Redis serves nobody else during a call: more
	// tickets a call are cheaper each, and a longer wait for the others. Defaults to 256.
	Limit int

	// Backlog is the most requests for tickets that wait in this process for their call to Redis. Enqueue and EnqueueAll
	// fail with ErrOverloaded when they find so many; the requests of one EnqueueAll are taken together, or not at all.
	// Defaults to 50,000.
	Backlog int

	// Timeout is how long a call waits for Redis if its context does not end sooner, at least 10 ms. Defaults to 1.5 s.
	Timeout time.Duration

	// Logger gets the errors of Run and of the library's own goroutines, which no caller sees. Defaults to slog.Default.
	Logger *slog.Logger

	// Hooks are called about the work in this process. Defaults to none; AddHooks adds some later.
	Hooks Hooks

	// OnLoss, if set, is called when Redis may have lost acknowledged writes, whether or not a call failed: it was restarted,
	// emptied, replaced by a replica, or its clock was set. Look up with States the tickets that you have reported to
	// players. It is called again 0.5 s and Timeout + 1 s later, since the old Redis may have answered until then. It must
	// return quickly, and is called while Run, Watch or the Run of a presence.Node runs in this process; Redis is asked twice
	// a second. Defaults to nothing.
	OnLoss func()
}

// schema is the version of the data in Redis. Nodes must agree on it.
const schema = 5

// complete fills in the defaults, and checks the result.
func complete(c Config) (Config, error) {
	if c.Namespace == "" {
		c.Namespace = "matchq"
	}
	if c.By == "" {
		c.By = "configuration"
	}
	if c.Retention == 0 {
		c.Retention = 2 * time.Minute
	}
	if c.Limit == 0 {
		c.Limit = 256
	}
	if c.Backlog == 0 {
		c.Backlog = 50_000
	}
	if c.Timeout == 0 {
		c.Timeout = 1500 * time.Millisecond
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, c.check()
}

// Validate says what New would find wrong with the configuration, as an *InvalidError.
func (c *Config) Validate() error {
	_, err := complete(*c)
	return err
}

func (c *Config) check() error {
	if err := CheckName("namespace", c.Namespace); err != nil {
		return err
	}
	if strings.ContainsAny(c.Namespace, "{}") {
		return &InvalidError{"namespace", "must not contain { or }, which mark the hash tag"}
	}
	if err := CheckName("by", c.By); err != nil {
		return err
	}
	if err := c.checkRules(); err != nil {
		return err
	}
	if err := checkDuration("retention", c.Retention, time.Second); err != nil {
		return err
	}
	if c.Limit < 32 || c.Limit > 500 {
		return &InvalidError{"limit", fmt.Sprintf("must be from 32 to 500, not %d", c.Limit)}
	}
	if c.Backlog < 1 {
		return &InvalidError{"backlog", fmt.Sprintf("must be at least 1, not %d", c.Backlog)}
	}
	return checkDuration("timeout", c.Timeout, 10*time.Millisecond)
}

func checkTTL(ttl time.Duration) error {
	if ttl == Never {
		return nil
	}
	return checkDuration("ttl", ttl, time.Millisecond)
}

func checkDuration(field string, d, least time.Duration) error {
	return invalid(field, codec.DurationProblem(d, least))
}

// fingerprint names the settings that nodes must share, in words that operators understand.
func (c *Config) fingerprint() string {
	return fmt.Sprintf("schema=%d retention=%dms", schema, c.Retention.Milliseconds())
}

// patch changes rules as the configuration says, and names the fields.
func (c *Config) patch(r *Rules) (fields []string) {
	set := func(name string, says bool, change func()) {
		if says {
			fields = append(fields, name)
			change()
		}
	}
	set("interval", c.Interval != 0, func() { r.Interval = c.Interval })
	set("size", c.Size != 0, func() { r.Size = c.Size })
	set("ready_timeout", c.ReadyTimeout != 0, func() { r.ReadyTimeout = max(0, c.ReadyTimeout) })
	set("ticket_ttl", c.TTL != 0, func() { r.TicketTTL = c.TTL })
	set("policy", c.Policy != (Policy{}), func() { r.Policy, r.Source = c.Policy.name, c.Policy.source })
	return fields
}

// checkRules checks the rules of the configuration.
func (c *Config) checkRules() error {
	if c.ReadyTimeout != Never && c.ReadyTimeout < 0 {
		return checkDuration("ready_timeout", c.ReadyTimeout, 100*time.Millisecond)
	}
	var all Rules
	fields := c.patch(&all)
	if _, both := c.Rules["*"]; both && len(fields) > 0 {
		return &InvalidError{fields[0], "must not be set beside rules for the pattern *, which say it too"}
	}
	if err := checkRules("", &all); err != nil {
		return err
	}
	for pattern, r := range c.Rules {
		if err := CheckPattern(pattern); err != nil {
			return err
		}
		if err := checkRules("rules for "+pattern+": ", &r); err != nil {
			return err
		}
	}
	return nil
}
