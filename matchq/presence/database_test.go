package presence_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// One namespace in two databases of a Redis is two namespaces, also for nodes of one name: Redis's channels know nothing
// of databases.
func TestDatabasesAreApart(t *testing.T) {
	env := matchqtest.Shared(t)
	var all [2]*presence.Presence
	var nodes [2]*testNode
	for db := range all {
		options, err := redis.ParseURL(env.URL)
		if err != nil {
			t.Fatal(err)
		}
		options.DB, options.ContextTimeoutEnabled = db, true
		client := redis.NewClient(options)
		t.Cleanup(func() { _ = client.Close() })
		_, all[db] = presenceOn(t, client, matchq.Config{Namespace: env.Namespace}, presence.Config{})
		nodes[db] = startNode(t, all[db], presence.NodeConfig{ID: "node"})
		nodes[db].connect(t, "alice", "conn")
	}
	for db, p := range all {
		send(t, p, presence.Message{Player: "alice", Event: map[int]string{0: "zero", 1: "one"}[db]})
	}
	for db, want := range []string{"conn zero", "conn one"} {
		matchqtest.Eventually(t, "the message is heard", func() bool { return len(nodes[db].list(&nodes[db].heard)) > 0 })
		send(t, all[db], presence.Message{Player: "alice", Event: "last"})
		matchqtest.Eventually(t, "the last message is heard", func() bool {
			heard := nodes[db].list(&nodes[db].heard)
			return heard[len(heard)-1] == "conn last"
		})
		if heard := nodes[db].list(&nodes[db].heard); len(heard) != 2 || heard[0] != want {
			t.Errorf("database %d heard %q", db, heard)
		}
	}
}
