package matchq_test

import (
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rules"
)

// A look-up of a player's opponents takes as long among few players as among many: Redis does not store them as a list.
func TestOpponentsAreNoList(t *testing.T) {
	env := matchqtest.Shared(t)
	m := newMatcher(t, env, matchq.Config{Rules: map[string]matchq.Rules{"*": {Rules: []rules.Rule{{Type: rules.Avoid, Last: 3}}}}})
	if _, err := m.EnqueueAll(t.Context(), []matchq.Request{{Queue: "q", Player: "a"}, {Queue: "q", Player: "b"}}); err != nil {
		t.Fatal(err)
	}
	tick(t, m, "q")
	stored, encoding := 0, ""
	for _, name := range []string{"met_one", "met_two"} {
		key := "{" + m.Config().Namespace + "}:" + name
		if n := env.Client.HExists(t.Context(), key, "a").Val(); n {
			stored++
			encoding = env.Client.ObjectEncoding(t.Context(), key).Val()
		}
	}
	if stored != 1 || encoding != "hashtable" {
		t.Errorf("%d hashes have the player, encoded as %q", stored, encoding)
	}
}
