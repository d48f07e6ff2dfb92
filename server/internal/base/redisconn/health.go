package redisconn

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Health is the state of Redis. Negative values are unknown: the embedded Redis has none, and the Redis user may lack
// the rights.
type Health struct {
	Up          bool
	Ping        time.Duration // round trip
	Memory      int64         // used, in bytes
	Clients     int64         // connected
	ScriptCalls int64         // since the start of Redis
	ScriptTime  time.Duration // of all script calls
}

// Answers reports whether Redis answers; in a cluster the node that has the keys of a hash tag.
func (c *Conn) Answers(ctx context.Context, hashTag string) bool {
	client, err := c.nodeOf(ctx, hashTag)
	return err == nil && client.Ping(ctx).Err() == nil
}

// Health asks Redis for its state; in a cluster the node that has the keys of a hash tag.
func (c *Conn) Health(ctx context.Context, hashTag string) Health {
	h := Health{Memory: -1, Clients: -1, ScriptCalls: -1, ScriptTime: -1}
	client, err := c.nodeOf(ctx, hashTag)
	if err != nil {
		return h
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
	_, _ = client.Pipelined(ctx, func(pipe redis.Pipeliner) error { // one section at a time, for Redis 6
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

// scripts sums up the script calls of all commands.
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

// infoLine returns the rest of the line after a name; "" without one.
func infoLine(info, name string) string {
	_, rest, _ := strings.Cut("\n"+info, "\n"+name)
	line, _, _ := strings.Cut(rest, "\r\n")
	return line
}

// infoNumber returns the number after a name; -1 without one.
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
