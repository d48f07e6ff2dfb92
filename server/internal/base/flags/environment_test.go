package flags_test

import (
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/server/internal/base/flags"
)

// A blank variable is like none, whatever the flag.
func TestBlankVariables(t *testing.T) {
	names := []string{
		"MATCHQ_ADDR", "MATCHQ_REDIS", "MATCHQ_INTERVAL", "MATCHQ_MATCH_SIZE", "MATCHQ_JWT_SECRET", "MATCHQ_DEMO", "MATCHQ_ALLOWED_ORIGIN",
		"MATCHQ_RATE_LIMIT", "MATCHQ_INSECURE", "MATCHQ_LOG_LEVEL", "MATCHQ_MAX_QUEUES",
	}
	for i, name := range names {
		t.Setenv(name, []string{"", " "}[i%2])
	}
	f, err := parse()
	if err != nil {
		t.Fatal(err)
	}
	if f.Addr != "127.0.0.1:4000" || f.Interval != nil || f.LogLevel != "info" || f.RateLimit.Off() || len(f.AllowedOrigin) > 0 || !f.HasDemo() {
		t.Errorf("%+v", f)
	}
	for _, name := range names {
		if !slices.Contains(f.Blank, name) {
			t.Errorf("%s is not told of: %v", name, f.Blank)
		}
	}
}

// Variables are read for all kinds of flags, and the command line has the last word.
func TestVariables(t *testing.T) {
	for name, value := range map[string]string{
		"MATCHQ_INTERVAL": "2s", "MATCHQ_ALLOWED_ORIGIN": "https://a.example,capacitor://localhost", "MATCHQ_MAX_QUEUES": "7", "MATCHQ_INSECURE": "true",
		"MATCHQ_LOG_LEVEL": "debug", "MATCHQ_GRACE": "1s",
	} {
		t.Setenv(name, value)
	}
	f, err := parse("--grace", "3s")
	if err != nil || f.Interval == nil || *f.Interval != 2*time.Second || len(f.AllowedOrigin) != 2 || f.MaxQueues != 7 || !f.Insecure || f.LogLevel != "debug" || f.Grace != 3*time.Second {
		t.Errorf("%+v, %v", f, err)
	}
	t.Setenv("MATCHQ_INTERVAL", "soon")
	if _, err := parse(); err == nil || !strings.Contains(err.Error(), "interval") {
		t.Errorf("got %v", err)
	}
}

// Flags that are commands have no variables, which an image may have for something else.
func TestCommandsHaveNoVariables(t *testing.T) {
	t.Setenv("MATCHQ_VERSION", "1.2.3")
	t.Setenv("MATCHQ_HEALTHCHECK", "1")
	f, err := parse()
	if err != nil || f.Version || f.Healthcheck {
		t.Errorf("%+v, %v", f, err)
	}
	var help strings.Builder
	_, _ = flags.Parse([]string{"--help"}, &help, io.Discard, func(int) {})
	if strings.Contains(help.String(), "MATCHQ_VERSION") || !strings.Contains(help.String(), "MATCHQ_MAX_QUEUES") {
		t.Error(help.String())
	}
}
