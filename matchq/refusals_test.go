package matchq_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// must runs a command on a server.
func must(t *testing.T, rdb redis.UniversalClient, command ...any) {
	t.Helper()
	if err := rdb.Do(context.Background(), command...).Err(); err != nil {
		t.Fatalf("%v: %v", command, err)
	}
}

// refusal is a way in which Redis refuses.
type refusal struct {
	code       string
	begin, end func(t *testing.T, rdb *redis.Client)
	unknown    bool // Redis does not say whether the call was made
	cluster    bool
}

func commands(lists ...[]any) func(*testing.T, *redis.Client) {
	return func(t *testing.T, rdb *redis.Client) {
		t.Helper()
		for _, command := range lists {
			must(t, rdb, command...)
		}
	}
}

// refusals are made by a client of the same server with rights of its own.
var refusals = map[string]refusal{
	"full": {
		code:  "OOM",
		begin: commands([]any{"CONFIG", "SET", "maxmemory", "1"}),
		end:   commands([]any{"CONFIG", "SET", "maxmemory", "0"}),
	},
	"a replica": {
		code:  "READONLY",
		begin: commands([]any{"REPLICAOF", "127.0.0.1", "1"}),
		end:   commands([]any{"REPLICAOF", "NO", "ONE"}),
	},
	"a stale replica": {
		code:  "MASTERDOWN",
		begin: commands([]any{"CONFIG", "SET", "replica-serve-stale-data", "no"}, []any{"REPLICAOF", "127.0.0.1", "1"}),
		end:   commands([]any{"REPLICAOF", "NO", "ONE"}, []any{"CONFIG", "SET", "replica-serve-stale-data", "yes"}),
	},
	"no rights": {
		code:  "NOPERM",
		begin: commands([]any{"ACL", "SETUSER", "default", "-evalsha", "-eval", "-xread", "-xreadgroup"}),
		end:   commands([]any{"ACL", "SETUSER", "default", "+@all"}),
	},
	"no right in mid-script": {
		code:    "NOPERM",
		unknown: true,
		begin:   commands([]any{"ACL", "SETUSER", "default", "-hset", "-zmscore"}),
		end:     commands([]any{"ACL", "SETUSER", "default", "+@all"}),
	},
	"another password": {
		code:  "WRONGPASS",
		begin: commands([]any{"ACL", "SETUSER", "default", "resetpass", ">other"}, []any{"CLIENT", "KILL", "USER", "default"}),
		end:   commands([]any{"ACL", "SETUSER", "default", "resetpass", ">secret"}),
	},
	"no disk": {
		code: "MISCONF",
		begin: func(t *testing.T, rdb *redis.Client) {
			t.Helper()
			dir := filepath.Join(t.TempDir(), "removed")
			if err := os.Mkdir(dir, 0o700); err != nil {
				t.Fatal(err)
			}
			must(t, rdb, "CONFIG", "SET", "dir", dir, "save", "10000 1")
			if err := os.Remove(dir); err != nil {
				t.Fatal(err)
			}
			must(t, rdb, "BGSAVE")
			matchqtest.Eventually(t, "saving has failed", func() bool {
				return strings.Contains(rdb.Info(context.Background(), "persistence").Val(), "rdb_last_bgsave_status:err")
			})
		},
		end: commands([]any{"CONFIG", "SET", "save", ""}),
	},
	"a script that does not end": {
		code: "BUSY",
		begin: func(t *testing.T, rdb *redis.Client) {
			t.Helper()
			must(t, rdb, "CONFIG", "SET", "busy-reply-threshold", "1")
			how := *rdb.Options()
			how.ReadTimeout, how.MaxRetries = -1, -1
			endless := redis.NewClient(&how)
			t.Cleanup(func() { _ = endless.Close() })
			go func() { _ = endless.Eval(context.Background(), "while true do end", nil).Err() }() // until it is killed
			matchqtest.Eventually(t, "redis is busy", func() bool { return redis.HasErrorPrefix(rdb.Ping(context.Background()).Err(), "BUSY") })
		},
		end: commands([]any{"SCRIPT", "KILL"}),
	},
	"a cluster without its slots": {
		code:    "CLUSTERDOWN",
		cluster: true,
		begin:   commands([]any{"CLUSTER", "DELSLOTSRANGE", 0, 16383}),
		end:     commands([]any{"CLUSTER", "ADDSLOTSRANGE", 0, 16383}),
	},
	"no replicas": {
		code:  "NOREPLICAS",
		begin: commands([]any{"CONFIG", "SET", "min-replicas-to-write", "1"}),
		end:   commands([]any{"CONFIG", "SET", "min-replicas-to-write", "0"}),
	},
}

// operator is a server whose operator has a user and a connection of their own.
func operator(t *testing.T, cluster bool) (env *matchqtest.Env, rdb *redis.Client) {
	t.Helper()
	server := matchqtest.Start(t, "--enable-protected-configs", "yes", "--cluster-enabled", map[bool]string{false: "no", true: "yes"}[cluster])
	rdb = server.Client(t)
	if cluster {
		must(t, rdb, "CLUSTER", "ADDSLOTSRANGE", 0, 16383)
		matchqtest.Eventually(t, "the cluster works", func() bool { return rdb.Set(t.Context(), "ready", 1, 0).Err() == nil })
	}
	must(t, rdb, "ACL", "SETUSER", "operator", "on", ">operator", "~*", "&*", "+@all")
	must(t, rdb, "ACL", "SETUSER", "default", ">secret")
	env = &matchqtest.Env{Namespace: "test", Server: server}
	env.Client = userOf(t, server, "default", "secret")
	if cluster {
		how := redis.ClusterOptions{Addrs: []string{server.Addr}, Username: "default", Password: "secret", ContextTimeoutEnabled: true}
		client := redis.NewClusterClient(&how)
		t.Cleanup(func() { _ = client.Close() })
		env.Client = client
	}
	return env, userOf(t, server, "operator", "operator")
}

func userOf(t *testing.T, server *matchqtest.Server, name, password string) *redis.Client {
	t.Helper()
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr, Username: name, Password: password, ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = rdb.Close() })
	return rdb
}
