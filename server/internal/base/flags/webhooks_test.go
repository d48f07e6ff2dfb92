package flags

import (
	"io"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq"
)

func TestWebhookFlags(t *testing.T) {
	const secret = "--webhook-secret=0123456789abcdef"
	for _, c := range []struct {
		args []string
		says string // "" if they are right
	}{
		{[]string{"--webhook", "https://play.example/hook?key=hidden", secret}, ""},
		{[]string{"--webhook", "http://10.0.0.1:8080,http://10.0.0.2:8080", secret, "--webhook-events", "matched,expired"}, ""},
		{[]string{"--webhook", "https://play.example"}, "--webhook-secret"},
		{[]string{"--webhook", "https://play.example", "--webhook-secret", "short"}, "at least 16 bytes"},
		{[]string{"--webhook", "play.example/hidden", secret}, "number 1"},
		{[]string{"--webhook", "https:///hidden", secret}, "number 1"},
		{[]string{"--webhook", "https://a.example", "--webhook", "ftp://hidden.example", secret}, "number 2"},
		{[]string{"--webhook", "https://a.example/#hidden", secret}, "number 1"},
		{[]string{"--webhook", "https://a.example", "--webhook", "https://a.example", secret}, "twice"},
		{[]string{"--webhook-events", "rules"}, "--webhook-events"},
	} {
		f, err := Parse(c.args, io.Discard, io.Discard, nil)
		switch {
		case c.says == "" && err != nil:
			t.Errorf("%v: %v", c.args, err)
		case c.says != "" && (err == nil || !strings.Contains(err.Error(), c.says) || strings.Contains(err.Error(), "hidden")):
			t.Errorf("%v: %v, want one that says %q", c.args, err, c.says)
		case c.says == "" && f.WebhookKinds()[0] != matchq.Matched:
			t.Errorf("%v: kinds %v", c.args, f.WebhookKinds())
		}
	}
}
