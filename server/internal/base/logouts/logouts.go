// Package logouts remembers which sessions of operators were ended before their time, for all nodes.
package logouts

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	timeout = 1500 * time.Millisecond // of a call
	margin  = time.Hour               // by which the clocks of nodes may differ
)

// Logouts keeps a key in Redis for each session that was ended, until the session would have ended by itself.
type Logouts struct {
	redis  redis.UniversalClient
	prefix string
}

// New makes the Logouts of a namespace. Its keys begin with "{namespace}:session-ended:".
func New(rdb redis.UniversalClient, namespace string) *Logouts {
	return &Logouts{rdb, "{" + namespace + "}:session-ended:"}
}

// Add ends a session. It is safe to repeat.
func (l *Logouts) Add(ctx context.Context, s identity.Session) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return failure(l.redis.Set(ctx, l.prefix+s.ID, "", max(time.Until(s.Ends), 0)+margin).Err())
}

// Has reports whether a session was ended.
func (l *Logouts) Has(ctx context.Context, s identity.Session) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	n, err := l.redis.Exists(ctx, l.prefix+s.ID).Result()
	return n > 0, failure(err)
}

// failure is the error of a call as clients see it. A caller that gave up is no outage.
func failure(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return wire.RedisError(err)
}
