package redisconn

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestHealth(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		c := &Conn{UniversalClient: env.Client, server: env.Embedded}
		before := c.Health(t.Context(), "{quiz}")
		if err := redis.NewScript("return 1").Run(t.Context(), env.Client, []string{"{quiz}:x"}).Err(); err != nil {
			t.Fatal(err)
		}
		h := c.Health(t.Context(), "{quiz}")
		if !h.Up || h.Ping <= 0 {
			t.Errorf("health: %+v", h)
		}
		if env.Embedded != nil {
			if h.Memory >= 0 || h.Clients >= 0 || h.ScriptCalls >= 0 || h.ScriptTime >= 0 {
				t.Errorf("the embedded one tells: %+v", h)
			}
			return
		}
		if h.Memory < 100_000 || h.Clients < 1 || h.ScriptCalls <= max(0, before.ScriptCalls) || h.ScriptTime < before.ScriptTime {
			t.Errorf("health: %+v, before %+v", h, before)
		}
	})
}

func TestHealthWithoutRedis(t *testing.T) {
	env := matchqtest.Real(t)
	env.Server.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	c := &Conn{UniversalClient: env.Client}
	if h := c.Health(ctx, "{quiz}"); h.Up || h.Memory >= 0 {
		t.Errorf("health: %+v", h)
	}
}
