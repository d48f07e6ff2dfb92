package limits

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// client is what redis_rate needs of a client.
type client interface {
	redis.Scripter
	Del(ctx context.Context, keys ...string) *redis.IntCmd
}

// keyspace puts the keys of redis_rate, which all begin with "rate:", under the prefix and the hash tag of a namespace.
// So they share its slot in a cluster, and a Redis user needs rights to {namespace}:* only.
type keyspace struct {
	redis.UniversalClient
	prefix string
}

func (k keyspace) in(keys []string) []string {
	own := make([]string, len(keys))
	for i, key := range keys {
		own[i] = k.prefix + key
	}
	return own
}

func (k keyspace) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	return k.UniversalClient.EvalSha(ctx, sha1, k.in(keys), args...)
}

// Eval runs a script that Redis does not know yet.
func (k keyspace) Eval(ctx context.Context, script string, keys []string, args ...any) *redis.Cmd {
	return k.UniversalClient.Eval(ctx, script, k.in(keys), args...)
}

func (k keyspace) Del(ctx context.Context, keys ...string) *redis.IntCmd {
	return k.Unlink(ctx, k.in(keys)...)
}

// noter keeps a call of a script instead of making it.
type noter struct {
	client // nil: nothing else is called

	sha   string
	begin string // of the key
	args  []any
}

var errNoted = errors.New("limits: the call was noted")

func (n *noter) EvalSha(ctx context.Context, sha1 string, keys []string, args ...any) *redis.Cmd {
	n.sha, n.begin, n.args = sha1, keys[0], args
	call := redis.NewCmd(ctx)
	call.SetErr(errNoted)
	return call
}

// player answers a call of a script with the answer to one that was made. The script that Redis does not know is sent
// after all.
type player struct {
	keyspace
	made *redis.Cmd
}

func (p player) EvalSha(context.Context, string, []string, ...any) *redis.Cmd { return p.made }
