package presence_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

// Many players connect in one call: each is online by their own connection, and the one before is told. A call with a
// fault connects nobody, and holds up nobody.
func TestConnectAll(t *testing.T) {
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		_, p := newPresence(t, env, matchq.Config{})
		a := startNode(t, p, presence.NodeConfig{ID: "a", Grace: time.Hour})
		b := startNode(t, p, presence.NodeConfig{ID: "b", Grace: time.Hour})
		a.connect(t, "player-7", "old")

		var all []presence.NewConnection
		for i := range presence.MaxConnect {
			all = append(all, presence.NewConnection{Player: fmt.Sprintf("player-%d", i), Conn: fmt.Sprintf("b%d", i)})
		}
		before, err := b.ConnectAll(t.Context(), all)
		if err != nil || len(before) != len(all) {
			t.Fatalf("%d: %v", len(before), err)
		}
		for i := range all {
			if (before[i] != nil) != (i == 7) {
				t.Errorf("player %d was connected before: %+v", i, before[i])
			}
		}
		checkWhere(t, p, "player-7", "b7")
		checkWhere(t, p, "player-100", "b100")
		matchqtest.Eventually(t, "the older connection is replaced", func() bool {
			return len(a.list(&a.replaced)) == 1
		})

		var invalid *matchq.InvalidError
		for name, faulty := range map[string][]presence.NewConnection{
			"twice":    {{Player: "zoe", Conn: "z1"}, {Player: "zoe", Conn: "z2"}},
			"no name":  {{Player: "zoe", Conn: "z1"}, {Player: "", Conn: "z2"}},
			"too many": append(all, presence.NewConnection{Player: "zoe", Conn: "z1"}),
		} {
			if _, err := b.ConnectAll(t.Context(), faulty); !errors.As(err, &invalid) {
				t.Errorf("%s: %v", name, err)
			}
		}
		checkWhere(t, p, "zoe", "offline")
		b.connect(t, "zoe", "z3")
		checkWhere(t, p, "zoe", "z3")
		if before, err := b.ConnectAll(t.Context(), nil); err != nil || len(before) != 0 {
			t.Errorf("nobody: %v, %v", before, err)
		}
	})
}
