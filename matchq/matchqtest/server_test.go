package matchqtest_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A server that is killed and started again has all acknowledged writes, if it keeps them on disk, and else nothing.
func TestRestart(t *testing.T) {
	for name, c := range map[string]struct {
		args []string
		want int64
	}{
		"no persistence": {nil, 0},
		"always":         {[]string{"--appendonly", "yes", "--appendfsync", "always"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			server := matchqtest.Start(t, c.args...)
			rdb := server.Client(t)
			if err := rdb.Set(t.Context(), "k", "v", 0).Err(); err != nil {
				t.Fatal(err)
			}
			server.Kill()
			server.Restart()
			if got, err := rdb.Exists(t.Context(), "k").Result(); err != nil || got != c.want {
				t.Errorf("%d keys, %v; want %d", got, err, c.want)
			}
		})
	}
}
