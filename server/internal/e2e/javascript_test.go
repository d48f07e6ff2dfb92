package e2e_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

const javaScriptClient = "../../../examples/client-js"

// needPackage skips a test without a package of npm, or fails it if MATCHQ_REQUIRE_TOOLS is 1.
func needPackage(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(clientsFolder, "node_modules", name)); err == nil {
		return
	}
	missing := name + " is missing: npm ci --prefix server/internal/e2e/testdata/clients"
	if os.Getenv("MATCHQ_REQUIRE_TOOLS") == "1" {
		t.Fatal(missing)
	}
	t.Skip(missing)
}

// The JavaScript client plays, comes back and stays away as its documentation says.
func TestJavaScriptClient(t *testing.T) {
	t.Parallel()
	needPackage(t, "ws")
	env := matchqtest.Embedded(t)
	fast := func(c *app.Config) {
		c.Game.Countdown, c.Game.Question, c.Game.Pause = time.Millisecond, time.Minute, time.Millisecond
	}
	open := startWith(t, env, fast, "--questions", "browser/testdata/questions", "--interval", "50ms")
	locked := start(t, matchqtest.Embedded(t), guarded()...)
	socket := func(n *testNode) string { return strings.Replace(n.url, "http", "ws", 1) + "/ws" }
	command := exec.CommandContext(t.Context(), "node", "javascript.js", socket(open), socket(locked), tokenOf(t, "ada"))
	command.Dir = clientsFolder
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

// The program in the client's README plays a game with itself.
func TestJavaScriptREADME(t *testing.T) {
	t.Parallel()
	needPackage(t, "ws")
	n := startWith(t, matchqtest.Embedded(t), func(c *app.Config) {
		c.Game.Countdown, c.Game.Pause = time.Millisecond, time.Millisecond
	}, "--interval", "50ms")
	_, program, _ := strings.Cut(read(t, filepath.Join(javaScriptClient, "README.md")), "```js\n")
	program, _, _ = strings.Cut(program, "```\n")
	client, err := filepath.Abs(filepath.Join(javaScriptClient, "client.js"))
	if err != nil {
		t.Fatal(err)
	}
	program = "import {createRequire} from 'node:module';\n" +
		"globalThis.WebSocket = createRequire(process.cwd() + '/')('ws');\n" + program
	ended := make(chan error, 2)
	for _, player := range []string{"alice", "bob"} {
		command := exec.CommandContext(t.Context(), "node", "--input-type=module", "--eval", strings.NewReplacer(
			"./client.js", client, "ws://127.0.0.1:4000", strings.Replace(n.url, "http", "ws", 1), "'alice'", "'"+player+"'").Replace(program))
		command.Dir = clientsFolder
		go func() {
			out, err := command.CombinedOutput()
			if err == nil && !strings.Contains(string(out), "answered: 3") {
				err = fmt.Errorf("%s prints %s", player, out)
			} else if err != nil {
				err = fmt.Errorf("%s: %w\n%s", player, err, out)
			}
			ended <- err
		}()
	}
	for range 2 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
}

// The types of the client fit its code and their users, and client.d.ts agrees with the code.
func TestJavaScriptTypes(t *testing.T) {
	t.Parallel()
	needPackage(t, "typescript")
	compiler, err := filepath.Abs(filepath.Join(clientsFolder, "node_modules/.bin/tsc"))
	if err != nil {
		t.Fatal(err)
	}
	built := t.TempDir()
	for _, args := range [][]string{{"-p", ".", "--outDir", built}, {"-p", "tsconfig.use.json"}} {
		command := exec.CommandContext(t.Context(), compiler, args...)
		command.Dir = javaScriptClient
		if out, err := command.CombinedOutput(); err != nil {
			t.Errorf("tsc %v: %v\n%s", args, err, out)
		}
	}
	if read(t, filepath.Join(built, "client.d.ts")) != read(t, filepath.Join(javaScriptClient, "client.d.ts")) {
		t.Error("client.d.ts is not that of client.js: npx tsc -p examples/client-js makes it")
	}
}

// The types have the events of the server's table, and no others.
func TestJavaScriptTypesHaveAllEvents(t *testing.T) {
	t.Parallel()
	types := read(t, filepath.Join(javaScriptClient, "events.d.ts"))
	for kind, marked := range map[string]string{"ServerEvents": "S", "Requests": "C"} {
		var typed, documented []string
		_, body, _ := strings.Cut(types, "export interface "+kind+" {\n")
		body, _, _ = strings.Cut(body, "\n}\n")
		for _, match := range regexp.MustCompile(`(?m)^  (\w+): `).FindAllStringSubmatch(body, -1) {
			typed = append(typed, match[1])
		}
		for _, match := range regexp.MustCompile("(?m)^\\| `(\\w+)` \\| "+marked+" \\|").FindAllStringSubmatch(read(t, "../../README.md"), -1) {
			if match[1] != "ack" { // which the client itself takes
				documented = append(documented, match[1])
			}
		}
		slices.Sort(typed)
		slices.Sort(documented)
		if len(typed) == 0 || !slices.Equal(typed, documented) {
			t.Errorf("%s has\n%v\nand the README\n%v", kind, typed, documented)
		}
	}
}

func read(t *testing.T, name string) string {
	t.Helper()
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
