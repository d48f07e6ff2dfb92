package httpdoor

import (
	"bytes"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestForwardedAddresses(t *testing.T) {
	_, loopback, _ := net.ParseCIDR("127.0.0.0/8")
	_, proxies, _ := net.ParseCIDR("10.0.0.0/8")
	extract := ipExtractor([]*net.IPNet{loopback, proxies}, slog.New(slog.DiscardHandler))
	for _, c := range []struct {
		peer, want string
		forwarded  []string
	}{
		{"127.0.0.1:1", "127.0.0.1", nil},
		{"127.0.0.1:1", "203.0.113.1", []string{"203.0.113.1"}},
		{"127.0.0.1:1", "203.0.113.1", []string{"203.0.113.1:51234"}},
		{"127.0.0.1:1", "2001:db8::1", []string{"[2001:db8::1]:443"}},
		{"127.0.0.1:1", "2001:db8::1", []string{"[2001:db8::1]"}},
		{"127.0.0.1:1", "2001:db8::1", []string{"2001:db8::1"}},
		{"127.0.0.1:1", "203.0.113.1", []string{"203.0.113.1,"}},
		{"127.0.0.1:1", "203.0.113.1", []string{" , 203.0.113.1 ,, 10.0.0.2:80 "}},
		{"127.0.0.1:1", "203.0.113.1", []string{"203.0.113.1", "10.0.0.2"}},
		{"127.0.0.1:1", "203.0.113.1", []string{"::ffff:203.0.113.1"}},
		{"127.0.0.1:1", "198.51.100.7", []string{"203.0.113.1, 198.51.100.7"}}, // the client's own claim
		{"127.0.0.1:1", "10.0.0.2", []string{"unknown, 10.0.0.2"}},
		{"203.0.113.9:1", "203.0.113.9", []string{"198.51.100.7"}},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = c.peer
		r.Header["X-Forwarded-For"] = c.forwarded
		if got := extract(r); got != c.want {
			t.Errorf("%s by %q: got %s, want %s", c.peer, c.forwarded, got, c.want)
		}
	}
}

// A proxy whose header can't be read is named in the log, once for many requests.
func TestUnreadableForwardedAddressIsLogged(t *testing.T) {
	_, proxies, _ := net.ParseCIDR("10.0.0.0/8")
	var log bytes.Buffer
	extract := ipExtractor([]*net.IPNet{proxies}, slog.New(slog.NewTextHandler(&log, nil)))
	ask := func(peer, forwarded string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = peer
		r.Header.Set("X-Forwarded-For", forwarded)
		extract(r)
	}
	ask("10.0.0.2:1", "unknown, 203.0.113.1") // the client's own claim is not read
	ask("203.0.113.9:1", "unknown")           // no proxy
	if log.Len() > 0 {
		t.Errorf("the log is %s", log.String())
	}
	for range 3 {
		ask("10.0.0.2:1", strings.Repeat("unknown", 1000)+", 10.0.0.3")
	}
	text := log.String()
	if strings.Count(text, "\n") != 1 || !strings.Contains(text, "proxy=10.0.0.3") || !strings.Contains(text, "has=unknown") || len(text) > 400 {
		t.Errorf("the log is %s", text)
	}
}
