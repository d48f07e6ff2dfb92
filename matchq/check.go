package matchq

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Check says whether this process can work on its namespace: Redis answers and runs scripts, and what nodes must agree
// on is as this one is configured, or not settled yet. It changes nothing. Errors: *ConfigError, ErrUnavailable.
func (m *Matcher) Check(ctx context.Context) error {
	if _, err := m.Stats(ctx); err != nil { // a script, so that Redis is known to run them
		return err
	}
	theirs, err := within(ctx, m, nil, func(ctx context.Context) (string, error) {
		config, err := m.rdb.HGet(ctx, m.keys.meta, "config").Result()
		if errors.Is(err, redis.Nil) {
			return "", nil
		}
		if err != nil {
			return "", failure("read configuration", err)
		}
		return config, nil
	})
	if err == nil && theirs != "" && theirs != m.fingerprint {
		return &ConfigError{Mine: m.fingerprint, Theirs: theirs}
	}
	return err
}
