package origins_test

import (
	"testing"

	"github.com/matchq/matchq/server/internal/base/origins"
)

func TestCanonical(t *testing.T) {
	for text, want := range map[string]string{
		"https://Play.Example":      "https://play.example",
		"https://play.example/":     "https://play.example",
		"https://play.example:443":  "https://play.example",
		"HTTP://play.example:80":    "http://play.example",
		"https://play.example:80":   "https://play.example:80",
		"https://play.example:0443": "https://play.example",
		"https://bücher.example":    "https://xn--bcher-kva.example",
		"https://my_host.example":   "https://my_host.example",
		"http://[::1]:4000":         "http://[::1]:4000",
		"http://[0:0::1]":           "http://[::1]",
		"http://127.0.0.1:4000":     "http://127.0.0.1:4000",
		"capacitor://localhost":     "capacitor://localhost",
		"ionic://LocalHost":         "ionic://localhost",
		"*":                         "",
		"https://*.example":         "",
		"null":                      "",
		"file:///index.html":        "",
		"play.example":              "",
		"https://play.example/game": "",
		"https://a.b?x":             "",
		"https://u@play.example":    "",
		"https://a.b:99999":         "",
		"http://127.1":              "",
		"https://a b":               "",
		"https://xn--a":             "",
		"https://":                  "",
	} {
		got, err := origins.Canonical(text)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("%s: %q, %v", text, got, err)
		}
	}
}

func TestSame(t *testing.T) {
	for _, c := range []struct {
		origin, host string
		same         bool
	}{
		{"https://play.example", "play.example", true},
		{"https://play.example", "play.example:443", true},
		{"https://play.example", "PLAY.example", true},
		{"https://play.example", "play.example:80", false},
		{"http://play.example", "play.example:80", true},
		{"http://localhost:4000", "localhost:4000", true},
		{"http://localhost:4000", "localhost", false},
		{"capacitor://localhost", "localhost", false},
		{"https://evil.example", "play.example", false},
	} {
		if got := origins.Same(c.origin, c.host); got != c.same {
			t.Errorf("%s at %s: %v", c.origin, c.host, got)
		}
	}
}
