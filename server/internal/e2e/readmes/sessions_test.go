package readmes_test

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// session is a reader who types blocks of commands into one shell, at the top of the repository.
type session struct {
	name  string
	steps []any             // a block's name, or hidden commands that a test needs
	edits map[string]string // as a reader would make them
	want  string            // a pattern for all that is printed
}

// hidden are commands that no README has.
type hidden string

var sessions = []session{
	{
		name: "quick start",
		steps: []any{
			"README.md: go run ./server",
			`README.md: alice=$(curl -sS http://127.0.0.1:4000/v1/queues/history/tickets -H 'Content-Type: application/json' -d '{"player":"alice"}')`,
			`README.md: curl -sS "http://127.0.0.1:4000/v1/tickets/$(echo "$alice" | cut -d'"' -f4)?wait=10s"`,
		},
		want: `"player":"bob","state":"waiting"[^$]*"player":"alice","state":"matched"[^$]*"match":\{`,
	},
	{
		name: "the server",
		steps: []any{
			"server/README.md: go run ./server",
			hidden("queue() {"),
			`server/README.md: curl -H 'Content-Type: application/json' -d '{"player":"alice"}' http://127.0.0.1:4000/v1/queues/history/tickets`,
			hidden("}\nid=$(queue 2>/dev/null | cut -d'\"' -f4)\n" +
				`curl -sS -H 'Content-Type: application/json' -d '{"player":"bob"}' http://127.0.0.1:4000/v1/queues/history/tickets`),
			"server/README.md: curl 'http://127.0.0.1:4000/v1/tickets/PkBBsnIYUAKbOoI8?wait=25s'",
			`server/README.md: curl -X PUT 'http://127.0.0.1:4000/v1/admin/rules/chess*?by=ann' -H 'Content-Type: application/json' \`,
			"examples/rules/README.md: curl -X PUT -H 'Content-Type: application/json' --data @examples/rules/fair.json 'http://127.0.0.1:4000/v1/admin/rules/*'",
			"examples/policy/README.md: jq -n --rawfile source examples/policy/party.lua '{size: 3, policy: \"party\", source: $source}' |",
			hidden(`cd "$SCRATCH"`),
			`server/README.md: curl -o cpu.pprof -H "Authorization: Bearer $MATCHQ_ADMIN_TOKEN" 'http://127.0.0.1:4000/debug/pprof/profile?seconds=10'`,
		},
		edits: map[string]string{"/PkBBsnIYUAKbOoI8?": `/'"$id"'?`, "profile?seconds=10": "profile?seconds=1"},
		want:  `"state":"matched"[^$]*"pattern":"chess\*"[^$]*"pattern":"\*"[^$]*"pattern":"dungeon\*"[^$]*Type: cpu`,
	},
	{
		name: "with secrets",
		steps: []any{
			"README.md: export MATCHQ_JWT_SECRET=$(openssl rand -hex 32) MATCHQ_ADMIN_TOKEN=$(openssl rand -hex 32) MATCHQ_API_KEY=$(openssl rand -hex 32)",
			`README.md: curl -sS http://127.0.0.1:4000/v1/queues/history/tickets -H "Authorization: Bearer $MATCHQ_API_KEY" -H 'Content-Type: application/json' -d '{"player":"alice"}'`,
		},
		edits: map[string]string{"--addr :4000": "--addr 127.0.0.1:4000"},
		want:  `"player":"alice","state":"waiting"`,
	},
	{
		name:  "webhooks",
		steps: []any{"server/README.md: export MATCHQ_WEBHOOK_SECRET=$(openssl rand -hex 32)"},
		want:  `^$`,
	},
	{
		name:  "a program of its own",
		steps: []any{"README.md: go build -o matchq-server ./server", hidden(`"$SCRATCH/matchq-server" --version`)},
		edits: map[string]string{"-o matchq-server": `-o "$SCRATCH/matchq-server"`},
		want:  `\S`,
	},
	{
		name: "the library",
		steps: []any{
			`README.md: checkout=$PWD`,
		},
		edits: map[string]string{"../mygame": `"$SCRATCH/mygame"`, "   # and save the program here as main.go": ` && cp "$SCRATCH/main.go" .`},
		want:  `matched \[bob alice\]`,
	},
}

// TestCommandsOfREADMEs types the commands of READMEs, and looks at what they print.
func TestCommandsOfREADMEs(t *testing.T) {
	t.Parallel()
	for _, program := range []string{"bash", "curl", "git", "jq", "openssl"} {
		if _, err := exec.LookPath(program); err != nil {
			if os.Getenv("MATCHQ_REQUIRE_TOOLS") == "1" {
				t.Fatalf("%v, but MATCHQ_REQUIRE_TOOLS is 1: install it", err)
			}
			t.Skip(err)
		}
	}
	blocks := commands(t)
	for _, s := range sessions {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel()
			s.run(t, blocks)
		})
	}
}

// run types a session. Servers listen on a free port instead of 4000, and Redis is one of the test's own.
func (s *session) run(t *testing.T, blocks map[string]block) {
	t.Helper()
	address, scratch := matchqtest.FreeAddr(t), t.TempDir()
	edits := []string{"127.0.0.1:4000", address}
	if s.name == "the library" {
		edits = append(edits, "127.0.0.1:6379", strings.TrimSuffix(strings.TrimPrefix(matchqtest.Real(t).URL, "redis://"), "/0"))
		program := regexp.MustCompile("(?s)```go\n(package main.*?)```").FindStringSubmatch(readmes(t)["README.md"])[1]
		write(t, filepath.Join(scratch, "main.go"), strings.NewReplacer(edits...).Replace(program))
	}
	var script strings.Builder
	script.WriteString("set -eo pipefail\n")
	for _, step := range s.steps {
		text := ""
		switch step := step.(type) {
		case hidden:
			text = string(step) + "\n"
		case string:
			text = blocks[step].text
		}
		for from, to := range s.edits {
			text = strings.ReplaceAll(text, from, to)
		}
		script.WriteString(serving.ReplaceAllString(strings.NewReplacer(edits...).Replace(text), inBackground))
	}
	out := s.shell(t, script.String(), "ADDRESS="+address, "SCRATCH="+scratch, "MATCHQ_ADDR="+address, "MATCHQ_INTERVAL=300ms", "MATCHQ_LOG_FORMAT=json")
	if !regexp.MustCompile(s.want).MatchString(out) {
		t.Errorf("these commands\n%s\nprint\n%s", &script, out)
	}
}

// serving are the commands that serve until they are interrupted: a reader types the next commands into another shell.
var serving = regexp.MustCompile(`(?m)^go run \./server.*$`)

// inBackground starts such a command and waits until it serves.
const inBackground = `$0 >"$$SCRATCH/log" 2>&1 &
until curl -fs -o /dev/null "http://$$ADDRESS/readyz"; do kill -0 $$! || { cat "$$SCRATCH/log"; exit 1; }; sleep 0.05; done`

// shell runs a script in a process group of its own, which ends with the test, and returns what it prints.
func (s *session) shell(t *testing.T, script string, settings ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "bash", "-c", script)
	cmd.Dir = top
	// Modules come from those that are here already, so that no new version of one changes the test.
	cache, err := exec.CommandContext(t.Context(), "go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Env = append(os.Environ(), append(settings, "GOPROXY=file://"+strings.TrimSpace(string(cache))+"/cache/download", "GONOSUMDB=*")...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	out, err := cmd.CombinedOutput()
	if cmd.Process != nil {
		end := syscall.Kill(-cmd.Process.Pid, syscall.SIGTERM)
		matchqtest.Eventually(t, "the server ends", func() bool {
			return errors.Is(end, syscall.ESRCH) || errors.Is(syscall.Kill(-cmd.Process.Pid, 0), syscall.ESRCH)
		})
	}
	if err != nil {
		t.Errorf("%s\n%v: %s", script, err, out)
	}
	return string(out)
}

func write(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
