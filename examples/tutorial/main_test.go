package main

import (
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// All players meet somebody of their mode and strength, and both are told one server, though one match had none at first.
func TestTutorial(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	var out strings.Builder
	if err := run(ctx, &out); err != nil {
		t.Fatal(err)
	}
	line := regexp.MustCompile(`(?m)^(\w+) plays (\w+) on (10\.0\.0\.\d:7777) with \[(\w+) (\w+)\]$`)
	servers, matches := map[string][]string{}, map[string]string{}
	for _, found := range line.FindAllStringSubmatch(out.String(), -1) {
		servers[found[3]] = append(servers[found[3]], found[1])
		pair := []string{found[4], found[5]}
		slices.Sort(pair)
		matches[found[1]] = found[2] + " " + strings.Join(pair, " ")
	}
	want := map[string]string{
		"alice": "demo alice dave", "dave": "demo alice dave", "carol": "demo carol frank", "frank": "demo carol frank",
		"bob": "capture bob erin", "erin": "capture bob erin",
	}
	for name, match := range want {
		if matches[name] != match {
			t.Errorf("%s plays %q, not %q", name, matches[name], match)
		}
	}
	for server, players := range servers {
		if len(players) != 2 || matches[players[0]] != matches[players[1]] {
			t.Errorf("on %s play %v", server, players)
		}
	}
	if t.Failed() || len(servers) != 3 {
		t.Errorf("it printed:\n%s", &out)
	}
}
