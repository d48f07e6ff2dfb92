package redisconn

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Health is how Redis does. What is negative is not available: the embedded one does not tell, and a user may not be
// allowed to ask.
type Health struct {
	Up          bool
	Ping        time.Duration // for the way there and back
	Memory      int64         // bytes in use
	Clients     int64         // connected
	ScriptCalls int64         // since Redis was started
	ScriptTime  time.Duration // that all of them took together
}

// Health asks Redis how it does, in a cluster the node that keys with some hash tag live on.
func (c *Conn) Health(ctx context.Context, hashTag string) Health {
	h := Health{Memory: -1, Clients: -1, ScriptCalls: -1, ScriptTime: -1}
	client := c.UniversalClient
	if cluster, ok := client.(*redis.ClusterClient); ok {
		node, err := cluster.MasterForKey(ctx, hashTag)
		if err != nil {
			return h
		}
		client = node
	}
	began := time.Now()
	if err := client.Ping(ctx).Err(); err != nil {
		return h
	}
	h.Up, h.Ping = true, time.Since(began)
	if c.Embedded() {
		return h
	}
	sections := make(map[string]*redis.StringCmd, 3)
	_, _ = client.Pipelined(ctx, func(pipe redis.Pipeliner) error { // one by one, since Redis 6 knows no more at a time
		for _, name := range []string{"memory", "clients", "commandstats"} {
			sections[name] = pipe.Info(ctx, name)
		}
		return nil
	})
	h.Memory = infoNumber(sections["memory"].Val(), "used_memory:")
	h.Clients = infoNumber(sections["clients"].Val(), "connected_clients:")
	h.ScriptCalls, h.ScriptTime = scripts(sections["commandstats"].Val())
	return h
}

// scripts sums up what scripts have cost, by whichever command they were run.
func scripts(commandstats string) (calls int64, took time.Duration) {
	if commandstats == "" {
		return -1, -1
	}
	for _, command := range []string{"eval", "evalsha"} {
		line := infoLine(commandstats, "cmdstat_"+command+":")
		if n := infoNumber(line, "calls="); n > 0 {
			calls += n
			took += time.Duration(infoNumber(line, "usec=")) * time.Microsecond
		}
	}
	return calls, took
}

// infoLine is what INFO says after a name, to the end of the line; "" if it does not say that.
func infoLine(info, name string) string {
	_, rest, _ := strings.Cut("\n"+info, "\n"+name)
	line, _, _ := strings.Cut(rest, "\r\n")
	return line
}

// infoNumber is the number after a name; -1 if there is none.
func infoNumber(info, name string) int64 {
	_, rest, found := strings.Cut(info, name)
	end := strings.IndexFunc(rest, func(r rune) bool { return r < '0' || r > '9' })
	if end < 0 {
		end = len(rest)
	}
	n, err := strconv.ParseInt(rest[:end], 10, 64)
	if !found || err != nil {
		return -1
	}
	return n
}
