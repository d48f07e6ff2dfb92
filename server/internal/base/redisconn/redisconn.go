// Package redisconn connects to the Redis of --redis, or starts an embedded one.
package redisconn

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// startTimeout bounds the first answer of Redis.
const startTimeout = 3 * time.Second

// Conn is a connection to Redis.
type Conn struct {
	redis.UniversalClient
	server *miniredis.Miniredis // nil unless embedded
	stop   func()               // ends what listens to Sentinels, nil without them
}

// Open connects to the Redis at a URL and checks that it answers. Without a URL it starts an embedded one.
func Open(ctx context.Context, address string) (*Conn, error) {
	if address == "" {
		return embedded()
	}
	client, err := newClient(address)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		_ = client.Close()
		if refused := wire.RefusalOf(err); refused != nil {
			return nil, fmt.Errorf("redis at %s refuses: %w; %s", redacted(address), err, advice(refused))
		}
		return nil, fmt.Errorf("redis at %s does not answer: %w", redacted(address), err)
	}
	return client, nil
}

// Close closes the connection, and the embedded Redis.
func (c *Conn) Close() error {
	err := c.UniversalClient.Close()
	if c.stop != nil {
		c.stop()
	}
	if c.server != nil {
		c.server.Close()
	}
	return err
}

// Embedded reports whether Redis runs in this process.
func (c *Conn) Embedded() bool { return c.server != nil }

// dialAttempts is one a call. Callers repeat failed calls, and a client that dials until its context ends hides the
// cause.
const dialAttempts = 1

// newClient makes the client of a URL. It gives up when a context ends, else answers to players could be seconds late.
func newClient(address string) (*Conn, error) {
	scheme, _, _ := strings.Cut(address, "://")
	secure := tlsOf(scheme)
	if _, err := hostsOf(address); err != nil {
		return nil, cannotUse(address, err)
	}
	switch scheme {
	case "redis", "rediss", "unix":
		options, err := redis.ParseURL(address)
		if err != nil {
			return nil, cannotUse(address, err)
		}
		options.ContextTimeoutEnabled, options.DialerRetries = true, dialAttempts
		return &Conn{UniversalClient: redis.NewClient(options)}, nil
	case "redis+cluster", "rediss+cluster":
		many, err := parseMultiHost(address)
		if err == nil && many.path != "" {
			err = errors.New("a cluster has no databases: leave the path out")
		}
		if err != nil {
			return nil, cannotUse(address, err)
		}
		return &Conn{UniversalClient: redis.NewClusterClient(&redis.ClusterOptions{
			Addrs: many.hosts, Username: many.user, Password: many.password, TLSConfig: secure,
			ContextTimeoutEnabled: true, DialerRetries: dialAttempts,
		})}, nil
	case "redis+sentinel", "rediss+sentinel":
		options, err := sentinel(address)
		if err != nil {
			return nil, cannotUse(address, err)
		}
		options.TLSConfig = secure
		client, stop := newFailoverClient(options)
		return &Conn{UniversalClient: client, stop: stop}, nil
	default:
		return nil, cannotUse(address, errScheme)
	}
}

// tlsOf returns the TLS configuration of a scheme with several hosts: the system's authorities, and the name of each host;
// nil without TLS.
func tlsOf(scheme string) *tls.Config {
	if !strings.HasPrefix(scheme, "rediss+") {
		return nil
	}
	return &tls.Config{MinVersion: tls.VersionTLS12}
}
