package redisconn

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Check is something that Redis must let the server do.
type Check struct {
	What string // continues "redis refuses to "
	Try  func(context.Context) error
}

// Writes tries a write that changes nothing: Redis refuses it as any other one that takes memory. hashTag is that of the
// namespace, such as "{matchq}".
func (c *Conn) Writes(hashTag string) Check {
	return Check{"write keys of " + hashTag + ":*", func(ctx context.Context) error {
		err := c.Do(ctx, "SET", hashTag+":probe", "", "XX").Err() // no such key exists
		if errors.Is(err, redis.Nil) {
			return nil
		}
		return err
	}}
}

// Publishes tries to publish to a channel of the namespace that nobody listens to.
func (c *Conn) Publishes(hashTag string) Check {
	return Check{"publish to channels of " + hashTag + ":*", func(ctx context.Context) error {
		return c.Publish(ctx, hashTag+":probe", "").Err()
	}}
}

// Subscribes tries to subscribe to that channel.
func (c *Conn) Subscribes(hashTag string) Check {
	return Check{"subscribe to channels of " + hashTag + ":*", func(ctx context.Context) error {
		subscription := c.Subscribe(ctx, hashTag+":probe")
		defer func() { _ = subscription.Close() }()
		_, err := subscription.Receive(ctx)
		return err
	}}
}

// CheckAll tries all checks, and explains the first that fails. A Redis that is full passes: what frees its memory must
// be able to start.
func CheckAll(ctx context.Context, checks ...Check) error {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	for _, check := range checks {
		err := check.Try(ctx)
		if refused := wire.RefusalOf(err); refused != nil && refused.Refusal != wire.Full {
			return fmt.Errorf("redis refuses to %s: %w; %s", check.What, err, advice(refused))
		} else if err != nil && refused == nil {
			return fmt.Errorf("redis fails to %s: %w", check.What, err)
		}
	}
	return nil
}

// advice says what to do about a refusal at the start.
func advice(refused *wire.Error) string {
	switch refused.Refusal {
	case "NOPERM":
		return "give the user of --redis the rights to keys, channels and commands that the README lists"
	case "READONLY":
		return "--redis must be the primary, or use redis+sentinel://"
	case "WRONGPASS", "NOAUTH":
		return "put the right user name and password into --redis"
	default:
		return strings.TrimPrefix(refused.Message, "Redis refuses ")
	}
}

// EvictionPolicy returns the policy by which Redis drops keys when it is full; "" if it does not tell. In a cluster it
// asks the node that has the keys of a hash tag.
func (c *Conn) EvictionPolicy(ctx context.Context, hashTag string) string {
	ctx, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	client, err := c.nodeOf(ctx, hashTag)
	if err != nil {
		return ""
	}
	info, err := client.Info(ctx, "memory").Result()
	if err != nil {
		return "" // the Redis user may lack the right
	}
	return infoLine(info, "maxmemory_policy:")
}

// nodeOf returns a client of the node that has the keys of a hash tag.
func (c *Conn) nodeOf(ctx context.Context, hashTag string) (redis.UniversalClient, error) {
	if cluster, ok := c.UniversalClient.(*redis.ClusterClient); ok {
		return cluster.MasterForKey(ctx, hashTag)
	}
	return c.UniversalClient, nil
}
