package redisconn

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"golang.org/x/sync/errgroup"

	"github.com/matchq/matchq/matchq/matchqtest"
)

func TestEmbeddedLetsKeysExpire(t *testing.T) {
	c, err := Open(t.Context(), "")
	if err != nil || !c.Embedded() {
		t.Fatal(c, err)
	}
	defer func() { _ = c.Close() }()
	if err := c.Set(t.Context(), "k", 1, 5*time.Millisecond).Err(); err != nil {
		t.Fatal(err)
	}
	matchqtest.Eventually(t, "the key expires", func() bool { return c.Exists(t.Context(), "k").Val() == 0 })
}

func TestClients(t *testing.T) {
	for address, want := range map[string]string{
		"redis://u:p@h:1/2":                       "h:1",
		"rediss://h:1":                            "h:1",
		"unix:///run/r.sock":                      "/run/r.sock",
		"redis+cluster://u:p%40@h1:1,h2:2":        "h1:1,h2:2",
		"redis+sentinel://:p@h1:1,[::1]:2/main/3": "main",
		"redis+sentinel://h1:1/main":              "main",
		"rediss+cluster://u:p%40@h1:1,h2:2":       "h1:1,h2:2",
		"rediss+sentinel://h1:1/main":             "main",
	} {
		client, err := newClient(address)
		if err != nil {
			t.Errorf("%s: %v", address, err)
			continue
		}
		got := ""
		switch c := client.UniversalClient.(type) {
		case *redis.Client:
			if got = c.Options().Addr; got == "FailoverClient" {
				got = "main"
			}
			if !c.Options().ContextTimeoutEnabled {
				t.Errorf("%s: contexts don't end calls", address)
			}
		case *redis.ClusterClient:
			got = strings.Join(c.Options().Addrs, ",")
			if c.Options().Password != "p@" || !c.Options().ContextTimeoutEnabled {
				t.Errorf("%s: %+v", address, c.Options())
			}
		}
		if got != want {
			t.Errorf("%s: connects to %s", address, got)
		}
		_ = client.Close()
	}
}

func TestMistakesKeepThePassword(t *testing.T) {
	for address, want := range map[string]string{
		"localhost:6379":                         "must begin with redis://",
		"http://u:secret@h":                      "must begin with redis://",
		"redis://u:secret@h:port":                "invalid port",
		"redis://u:secret@h:1/x":                 "invalid database",
		"redis+cluster://u:secret@h":             "must be host:port",
		"redis+cluster://u:secret@h:1/0":         "no databases",
		"redis+sentinel://u:secret@h:1":          "<master>",
		"redis+sentinel://u:secret@h:1/m/x":      "no database number",
		"redis+sentinel://u:secret@h:1/m?x=1":    "parameters",
		"redis://u:secret@127.0.0.1:1/0?db=1&x=": "--redis",
		"redis://u:secret@127.0.0.1:1":           "does not answer",
	} {
		_, err := Open(t.Context(), address)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// Other programs of the machine can't reach the embedded Redis, which a few bytes could end.
func TestEmbeddedHasNoPort(t *testing.T) {
	c, err := Open(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = c.Close() }()
	if address := c.server.Server().Addr(); address != nil {
		t.Errorf("it listens on %v", address)
	}
	// A pipeline may be larger than all buffers, and calls may come at once.
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var calls errgroup.Group
	for i := range 4 {
		calls.Go(func() error {
			_, err := c.Pipelined(ctx, func(p redis.Pipeliner) error {
				for j := range 50 {
					p.Set(ctx, fmt.Sprint(i, j), strings.Repeat("x", 1000), 0)
				}
				return nil
			})
			return err
		})
	}
	if err := calls.Wait(); err != nil {
		t.Error(err)
	}
	if n := c.DBSize(ctx).Val(); n != 4*50 {
		t.Errorf("%d keys are there", n)
	}
}

// A stranger that connects first, while a connection is made, is turned away.
func TestEmbeddedTurnsStrangersAway(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	var conns [2]net.Conn // a stranger's and ours
	for i := range conns {
		if conns[i], err = net.Dial("tcp", listener.Addr().String()); err != nil {
			t.Fatal(err)
		}
		defer func() { _ = conns[i].Close() }()
	}
	its, err := accept(listener, conns[1].LocalAddr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = its.Close() }()
	if its.RemoteAddr().String() != conns[1].LocalAddr().String() {
		t.Errorf("%v is let in", its.RemoteAddr())
	}
	_ = conns[0].SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := conns[0].Read(make([]byte, 1)); err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the stranger's connection stays open: %v", err)
	}
}

// The port is open only while a connection is made.
func TestEmbeddedClosesThePort(t *testing.T) {
	ours, its, err := connect(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _, _ = ours.Close(), its.Close() }()
	if stranger, err := net.Dial("tcp", its.LocalAddr().String()); err == nil {
		_ = stranger.Close()
		t.Error("the port stays open")
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, _, err := connect(ended); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

// A password that is not percent-encoded must not be shown, whatever is in it: parsers take parts of it for others.
func TestNoPasswordIsShown(t *testing.T) {
	passwords := []string{
		"sEcr/Et", "sEcr?Et", "sEcr#Et", "sEcr@Et", "sEcr:Et", "sEcr%Et", "sEcr%zzEt", "sEcr Et", "sEcr[Et", "1234/Et", "1234?Et", "1234#Et",
		"sEcr\\Et", "sEcr\nEt", "sEcr\"Et", "sEcr,Et", "sEcr@1:/Et", "sEcr/Et@x", "é/Et", "1234",
	}
	for _, password := range passwords {
		for _, form := range []string{
			"redis://:%s@127.0.0.1:1/0", "redis://user:%s@127.0.0.1:1", "rediss://%s@127.0.0.1:1/x", "redis://:%s/0", "%s@127.0.0.1:1", ":%s@h",
			"redis+cluster://u:%s@127.0.0.1:1,127.0.0.1:2", "redis+sentinel://u:%s@127.0.0.1:1/main/0", "redis+sentinel://u:%s@127.0.0.1:1/main/x",
			"unix://:%s@/run/none.sock", "redis://h:1/0?password=%s", "http://u:%s@h", "redis:/:%s@h:1", "redis://u:%s@h:port/0",
		} {
			if !strings.Contains(form, "@") && strings.Contains(password, "@") {
				continue // the part behind the @ is a host
			}
			address := strings.ReplaceAll(form, "%s", password)
			shown := redacted(address) // as in errors of a Redis that does not answer
			client, err := newClient(address)
			if err != nil {
				shown += err.Error()
			} else {
				_ = client.Close()
			}
			for _, part := range []string{"sEcr", "Et", "1234"} {
				if strings.Contains(shown, part) {
					t.Errorf("%s with %q: %s", form, password, shown)
				}
			}
		}
	}
	if _, err := newClient("redis://:a/b@127.0.0.1:1"); err == nil || !strings.Contains(err.Error(), "%2F") {
		t.Errorf("the error does not say what to do: %v", err)
	}
}
