package flags_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/flags"
	"github.com/matchq/matchq/server/internal/base/limits"
)

func parse(args ...string) (*flags.Flags, error) {
	return flags.Parse(args, io.Discard, io.Discard, nil)
}

func TestDefaults(t *testing.T) {
	f, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	if f.Addr != "127.0.0.1:4000" || f.Grace != 5*time.Second || f.RateLimit != (limits.Rate{Tickets: 10, Per: time.Second}) ||
		f.RateLimitAddress != (limits.Rate{Tickets: 500, Per: time.Second}) {
		t.Errorf("%+v", f)
	}
	if c := f.MatcherConfig(); c.Interval != 0 || c.Size != 0 || c.TTL != 0 || c.ReadyTimeout != 0 || c.Namespace != "matchq" {
		t.Errorf("%+v", c)
	}
}

func TestSpecialValues(t *testing.T) {
	t.Setenv("MATCHQ_TICKET_TTL", "0")
	f, err := parse("--interval", "0", "--rate-limit", "off", "--addr", ":4000", "--insecure", "--path-prefix", "/a/b/",
		"--allowed-origin", "https://A.example/", "--allowed-origin", "http://b:1", "--trusted-proxy", "10.0.0.1,fd00::/8")
	if err != nil {
		t.Fatal(err)
	}
	if c := f.MatcherConfig(); c.Interval != matchq.AtOnce || c.TTL != matchq.Never || c.Size != 0 {
		t.Errorf("%+v", c)
	}
	if !f.RateLimitAddress.Off() || f.PathPrefix != "/a/b" || strings.Join(f.AllowedOrigin, " ") != "https://a.example http://b:1" {
		t.Errorf("%+v", f)
	}
	if proxies, err := f.Proxies(); err != nil || len(proxies) != 2 || proxies[0].String() != "10.0.0.1/32" {
		t.Errorf("%v, %v", proxies, err)
	}
	if url := f.ReadyURL(); url != "http://127.0.0.1:4000/a/b/readyz" {
		t.Error(url)
	}
}

func TestMistakes(t *testing.T) {
	for args, want := range map[string]string{
		"--addr 0.0.0.0:4000":                      "add --jwt-secret and --admin-token, or --insecure",
		"--addr :4000":                             "add --jwt-secret and --admin-token, or --insecure",
		"--addr here":                              "--addr must be host:port",
		"--interval soon":                          "--interval",
		"--interval=-1s":                           "--interval must not be negative",
		"--interval 1ns":                           "--interval must be whole milliseconds",
		"--match-size 1":                           "--match-size must be at least 2",
		"--match-size 17":                          "--match-size must be from 2 to 16",
		"--ticket-ttl=-1s":                         "--ticket-ttl must not be negative",
		"--grace=-1s":                              "--grace must not be negative",
		"--room-ttl 0":                             "--room-ttl must be at least 1s",
		"--ready-timeout=-1s":                      "--ready-timeout must not be negative",
		"--ready-timeout 10ms":                     "--ready-timeout must be whole milliseconds from 100ms",
		"--namespace a{b}":                         "--namespace must not contain",
		"--rate-limit 0/s":                         `"off"`,
		"--rate-limit 10":                          `"10/s"`,
		"--rate-limit-address 5/day":               `"10/s"`,
		"--allowed-origin play.example":            "https://play.example",
		"--allowed-origin *":                       "https://play.example",
		"--allowed-origin https://a.b/c":           "https://play.example",
		"--trusted-proxy proxy":                    "10.0.0.0/8",
		"--path-prefix matchq":                     "/matchq",
		"--log-format xml":                         "text",
		"--log-level loud":                         "--log-level",
		"--jwt-secret x":                           "--jwt-secret must have at least 32 bytes",
		"--api-key x":                              "--api-key must have at least 16 bytes",
		"--admin-token x":                          "--admin-token must have at least 16 bytes",
		"--addr :4000 --jwt-secret " + jwtSecret:   "--jwt-secret and --admin-token",
		"--addr :4000 --admin-token " + adminToken: "--jwt-secret and --admin-token",
		"--api-key " + jwtSecret + " --admin-token " + jwtSecret: "must not be the same",
		"extra": "extra",
	} {
		if _, err := parse(strings.Fields(args)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want %q", args, err, want)
		}
	}
}

const (
	jwtSecret  = "jwt-secret-of-thirty-two-bytes-00"
	adminToken = "admin-token-of-sixteen-bytes"
)

func TestSecrets(t *testing.T) {
	t.Setenv("MATCHQ_JWT_SECRET", jwtSecret)
	t.Setenv("MATCHQ_API_KEY", "api-key-of-sixteen-bytes")
	t.Setenv("MATCHQ_ADMIN_TOKEN", adminToken)
	f, err := parse("--addr", ":4000")
	if err != nil || f.JWTSecret != jwtSecret || f.APIKey == "" || f.AdminToken != adminToken {
		t.Errorf("%v", err)
	}
	var help strings.Builder
	_, _ = flags.Parse([]string{"--help"}, &help, &help, func(int) {})
	if !strings.Contains(help.String(), "MATCHQ_JWT_SECRET") {
		t.Errorf("--help does not name the environment:\n%s", help.String())
	}
	_, err = parse("--addr", "here")
	for _, shown := range []string{help.String(), err.Error()} {
		for _, secret := range []string{jwtSecret, "api-key-of", adminToken} {
			if strings.Contains(shown, secret) {
				t.Errorf("a secret is shown:\n%s", shown)
			}
		}
	}
}

func TestDemo(t *testing.T) {
	const secret = "--jwt-secret=" + jwtSecret
	for _, c := range []struct {
		env, args string
		on        bool
	}{
		{"", "", true},
		{"", secret, false},
		{"", "--demo " + secret, true},
		{"", "--demo=true " + secret, true},
		{"", "--demo=false", false},
		{"", "--no-demo", false},
		{"", "--no-demo " + secret, false},
		{"true", secret, true},
		{"1", secret, true},
		{"false", "", false},
		{"false", "--demo", true},
		{"true", "--no-demo", false},
	} {
		t.Run(c.env+" "+c.args, func(t *testing.T) {
			if c.env != "" {
				t.Setenv("MATCHQ_DEMO", c.env)
			}
			f, err := parse(strings.Fields(c.args)...)
			if err != nil {
				t.Fatal(err)
			}
			if f.HasDemo() != c.on {
				t.Errorf("the demo is on: %v", f.HasDemo())
			}
		})
	}
	if _, err := parse("--demo=perhaps"); err == nil || !strings.Contains(err.Error(), "--demo") {
		t.Errorf("got %v", err)
	}
}

func TestHelpNamesEverything(t *testing.T) {
	var help strings.Builder
	exited := false
	_, _ = flags.Parse([]string{"--help"}, &help, io.Discard, func(int) { exited = true })
	for _, want := range []string{"MATCHQ_RATE_LIMIT_ADDRESS", "--[no-]demo", "MATCHQ_DEMO", "127.0.0.1:4000", "MATCHQ_TICKET_TTL"} {
		if !strings.Contains(help.String(), want) {
			t.Errorf("--help does not name %s:\n%s", want, help.String())
		}
	}
	if !exited {
		t.Error("--help goes on")
	}
}
