package matchq

import (
	"fmt"
	"log/slog"
	"strings"
	"time"
)

const (
	// AtOnce as Config.Interval matches as soon as somebody is queued, without windows.
	AtOnce time.Duration = -1

	// Never as a time to live keeps a ticket waiting until it is matched or cancelled.
	Never time.Duration = -1
)

// Config says how a namespace works. Its zero value is ready to use. What nodes share must be the same on all that
// use the namespace: a node that disagrees gets a *ConfigError from every call that writes.
type Config struct {
	// Namespace is the prefix and hash tag of all keys; "matchq" unless set. Namespaces know nothing of each other.
	Namespace string

	// Interval is how long a queue gathers players before they are matched, in whole milliseconds; 5 s unless set,
	// AtOnce for no windows. Shared.
	Interval time.Duration

	// Size is the number of players a match has, from 2 to 16; 2 unless set. Shared.
	Size int

	// ReadyTimeout is how long the players of a match have to Accept it, in whole milliseconds, at least 100 ms. Zero,
	// as it is unless set, matches them without asking. Shared.
	ReadyTimeout time.Duration

	// Policy decides who plays with whom; FIFO unless set. Shared.
	Policy Policy

	// TTL is how long a ticket waits before it expires, if its request doesn't say; in whole milliseconds, 60 s
	// unless set, Never for no end. Expiry is noticed at the end of a window.
	TTL time.Duration

	// Retention is how long events and the outcomes of tickets are kept; 2 min unless set, at least 1 s. Shared.
	Retention time.Duration

	// Limit is the most tickets that one call may touch, from 32 to 500; 256 unless set. Redis serves nobody else
	// during a call: more is cheaper a ticket and a longer wait for the others.
	Limit int

	// Timeout is how long a call waits for Redis if its context does not end sooner; 1.5 s unless set, at least 10 ms.
	Timeout time.Duration

	// OutboxKeep is how long messages to a player are kept after the newest one, in whole milliseconds; 65 s unless set.
	// It should be a good deal more than the time a player may be away.
	OutboxKeep time.Duration

	// Logger is told what Run and the library's own goroutines can't return to anybody; slog.Default unless set.
	Logger *slog.Logger

	// OnTick, if set, is called after each visit of a queue, one at a time. It must return quickly.
	OnTick func(TickReport)
}

// schema is the version of what stands in Redis. It is part of what nodes must agree on.
const schema = 2

// maxDuration keeps times in 13 digits of milliseconds, as records have them.
const maxDuration = 100 * 365 * 24 * time.Hour

// complete fills in the defaults and says what is wrong, if anything.
func complete(c Config) (Config, error) {
	if c.Namespace == "" {
		c.Namespace = "matchq"
	}
	if c.Interval == 0 {
		c.Interval = 5 * time.Second
	}
	if c.Size == 0 {
		c.Size = 2
	}
	if c.Policy == (Policy{}) {
		c.Policy = FIFO()
	}
	if c.TTL == 0 {
		c.TTL = time.Minute
	}
	if c.Retention == 0 {
		c.Retention = 2 * time.Minute
	}
	if c.Limit == 0 {
		c.Limit = 256
	}
	if c.Timeout == 0 {
		c.Timeout = 1500 * time.Millisecond
	}
	if c.OutboxKeep == 0 {
		c.OutboxKeep = 65 * time.Second
	}
	if c.Logger == nil {
		c.Logger = slog.Default()
	}
	return c, c.check()
}

func (c *Config) check() error {
	if err := CheckName("namespace", c.Namespace); err != nil {
		return err
	}
	for _, r := range c.Namespace {
		if r == '{' || r == '}' {
			return &InvalidError{"namespace", "must not contain { or }, which mark the hash tag"}
		}
	}
	if c.Interval != AtOnce {
		if err := checkDuration("interval", c.Interval, time.Millisecond); err != nil {
			return err
		}
	}
	if c.Size < 2 || c.Size > 16 {
		return &InvalidError{"size", fmt.Sprintf("must be from 2 to 16, not %d", c.Size)}
	}
	if c.ReadyTimeout != 0 {
		if err := checkDuration("ready_timeout", c.ReadyTimeout, 100*time.Millisecond); err != nil {
			return err
		}
	}
	if err := CheckName("policy name", c.Policy.name); err != nil {
		return err
	}
	if strings.TrimSpace(c.Policy.source) == "" {
		return &InvalidError{"policy", "must have a source"}
	}
	if err := checkTTL(c.TTL); err != nil {
		return err
	}
	if err := checkDuration("retention", c.Retention, time.Second); err != nil {
		return err
	}
	if c.Limit < 32 || c.Limit > 500 {
		return &InvalidError{"limit", fmt.Sprintf("must be from 32 to 500, not %d", c.Limit)}
	}
	if err := checkDuration("outbox_keep", c.OutboxKeep, time.Millisecond); err != nil {
		return err
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
	if d < least || d > maxDuration || d%time.Millisecond != 0 {
		return &InvalidError{field, fmt.Sprintf("must be whole milliseconds, at least %v and at most 100 years, not %v", least, d)}
	}
	return nil
}

// fingerprint is what nodes must agree on, in words that can be shown to whoever runs them.
func (c *Config) fingerprint() string {
	return fmt.Sprintf("schema=%d size=%d interval=%dms policy=%s retention=%dms ready=%dms",
		schema, c.Size, c.intervalMS(), c.Policy, c.Retention.Milliseconds(), c.ReadyTimeout.Milliseconds())
}

// intervalMS is the interval as scripts take it: 0 for AtOnce.
func (c *Config) intervalMS() int64 {
	if c.Interval == AtOnce {
		return 0
	}
	return c.Interval.Milliseconds()
}

// phaseMS is the place of a queue's windows in the interval: multiples of the interval, shifted by this, so that not all
// queues fall due in the same millisecond.
func (c *Config) phaseMS(queue string) int64 {
	interval := c.intervalMS()
	if interval == 0 {
		return 0
	}
	return int64(spread(queue)) % interval
}

// spread makes a number of a name, so that names are spread evenly over the numbers (FNV-1a, 32 bit).
func spread(name string) uint32 {
	hash := uint32(2166136261)
	for i := range len(name) {
		hash = (hash ^ uint32(name[i])) * 16777619
	}
	return hash
}
