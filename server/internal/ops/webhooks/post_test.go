package webhooks

import (
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq"
)

// The signature of the example that receivers are tested with, in examples/webhook.
func TestSign(t *testing.T) {
	const want = "t=1700000000,v1=747a15f5aa0cce51ee6aec7e52a370c64b5937666aa8251ceb5b848b8ed2fcc5"
	if got := sign("a secret of an example", time.Unix(1700000000, 0), []byte(`{"id":"1-0-0"}`)); got != want {
		t.Errorf("signed %s", got)
	}
}

func TestJudge(t *testing.T) {
	for status, want := range map[int]string{
		200: "", 204: "", 302: "redirects", 400: "400", 410: "give up", 429: "429", 500: "500", 503: "503",
	} {
		answer := &http.Response{StatusCode: status, Header: http.Header{}}
		err := judge(answer)
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%d: %v", status, err)
		}
		if errors.Is(err, matchq.ErrGiveUp) != (status == 410) {
			t.Errorf("%d gives up: %v", status, err)
		}
		answer.Header.Set("Retry-After", "7")
		later, ok := errors.AsType[*matchq.RetryError](judge(answer))
		if wanted := status >= 400 && status != 410; ok != wanted || ok && later.After != 7*time.Second {
			t.Errorf("%d with Retry-After: %+v", status, later)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"": 0, "0": 0, "12": 12 * time.Second, "-1": 0, "soon": 0, "99999999999999999999": 0,
		"Fri, 02 Jan 2026 03:05:05 GMT": time.Minute, "Fri, 02 Jan 2026 03:00:00 GMT": 0,
	} {
		if got := retryAfter(value, now); got != want {
			t.Errorf("%q: %v, want %v", value, got, want)
		}
	}
}

// Nothing secret of a URL is shown, and its id tells nothing of it.
func TestRedacted(t *testing.T) {
	const to = "https://user:pass@play.example:8443/hook?key=secret#x"
	if got := redacted(to); got != "https://play.example:8443/hook" {
		t.Errorf("shown as %s", got)
	}
	id := idOf(to)
	if again, ok := IDOfGroup(Group(id)); !ok || again != id || len(id) != 16 {
		t.Errorf("id %q, %q", id, again)
	}
}
