package e2e_test

import (
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A server without --jwt-secret says so at its start and in /readyz, and one with it does not.
func TestNobodyProvesWhoTheyAre(t *testing.T) {
	t.Parallel()
	const (
		loopback = "clients prove no identity: every client can act for any player; set --jwt-secret to require tokens"
		beyond   = "listening beyond loopback without --jwt-secret and --admin-token: every client can act for any player"
	)
	for _, c := range []struct {
		name    string
		args    []string
		warning string // "" for none
	}{
		{"open", nil, loopback},
		{"with an API key only", []string{"--api-key", apiKey}, loopback},
		{"open beyond loopback", []string{"--addr", "0.0.0.0:0", "--insecure"}, beyond},
		{"guarded", guarded(), ""},
		{"guarded beyond loopback", guarded("--addr", "0.0.0.0:0"), ""},
	} {
		n := start(t, matchqtest.Embedded(t), c.args...)
		got := n.ready()
		if tells := strings.Contains(got.text("identity"), "--jwt-secret"); tells != (c.warning != "") || !tells && got.at("identity") != nil {
			t.Errorf("%s: /readyz is %s", c.name, got.raw)
		}
		for _, warning := range []string{loopback, beyond} {
			if n.log.has(warning) != (warning == c.warning) {
				t.Errorf("%s: the log is %s", c.name, n.log.text())
			}
		}
	}
}
