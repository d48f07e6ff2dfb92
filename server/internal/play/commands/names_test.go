package commands_test

import (
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/matchq/matchq/server/internal/play/commands"
)

// row is a row of the reference: | `event` | C | … |, where C stands for clients and S for the server.
var row = regexp.MustCompile("(?m)^\\| `(\\w+)` \\| (C|S|C, S) \\|")

// TestReferenceNamesEveryEvent compares the reference in the README with the handlers, both ways.
func TestReferenceNamesEveryEvent(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	var byClients, byServer []string
	for _, r := range row.FindAllStringSubmatch(string(readme), -1) {
		if strings.Contains(r[2], "C") {
			byClients = append(byClients, r[1])
		}
		if strings.Contains(r[2], "S") {
			byServer = append(byServer, r[1])
		}
	}
	slices.Sort(byClients)
	slices.Sort(byServer)
	handled, sends := commands.Names()
	if !slices.Equal(byClients, handled) {
		t.Errorf("clients can send %v, the README says %v", handled, byClients)
	}
	if !slices.Equal(byServer, sends) {
		t.Errorf("the server sends %v, the README says %v", sends, byServer)
	}
}
