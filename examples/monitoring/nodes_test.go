package monitoring

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// program is the bundled server, built once for all tests.
var program string

func TestMain(m *testing.M) { os.Exit(run(m)) }

func run(m *testing.M) int {
	folder, err := os.MkdirTemp("", "matchq-monitoring")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	program = filepath.Join(folder, "server")
	if output, err := exec.Command("go", "build", "-o", program, "../../server").CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the server: %v\n%s", err, output)
		return 1
	}
	return m.Run()
}

// startNodes starts the nodes with the flags of compose.yaml, but on free ports, and returns their addresses.
func startNodes(t *testing.T) []string {
	t.Helper()
	redis := matchqtest.Real(t).URL
	var addrs []string
	for name, service := range readCompose(t).Services {
		if !strings.HasPrefix(name, "node-") {
			continue
		}
		addr := matchqtest.FreeAddr(t)
		args := strings.NewReplacer("redis://redis:6379/0", redis, ":4000", addr)
		var command, health []string
		for _, arg := range service.Command {
			command = append(command, args.Replace(arg))
		}
		for _, arg := range service.Healthcheck.Test[2:] {
			health = append(health, args.Replace(arg))
		}
		startNode(t, append(command, "--interval", "200ms"), health)
		addrs = append(addrs, addr)
	}
	if len(addrs) != 2 {
		t.Fatalf("there are %d nodes", len(addrs))
	}
	return addrs
}

func startNode(t *testing.T, command, health []string) {
	t.Helper()
	var log bytes.Buffer
	process := exec.Command(program, command...)
	process.Stdout, process.Stderr = &log, &log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		if err := process.Wait(); err != nil {
			t.Errorf("a node ended with %v", err)
		}
		if t.Failed() {
			t.Logf("a node said:\n%s", &log)
		}
	})
	matchqtest.Eventually(t, "the node is healthy", func() bool { return exec.Command(program, health...).Run() == nil })
}

// play runs players.sh with a number of players, and waits until all are matched or cancelled.
func play(t *testing.T, players int, addrs []string) {
	t.Helper()
	if _, err := exec.LookPath("curl"); err != nil {
		require(t, "MATCHQ_REQUIRE_TOOLS", "curl")
	}
	script := exec.Command("sh", "players.sh", "http://"+addrs[0], "http://"+addrs[1])
	script.Env = append(os.Environ(), fmt.Sprint("PLAYERS=", players), "PAUSE=0")
	if output, err := script.CombinedOutput(); err != nil || len(output) > 0 {
		t.Fatalf("%v\n%s", err, output)
	}
	matchqtest.Eventually(t, "nearly all are matched", func() bool {
		var stats struct{ Enqueued, Waiting, Matched, Cancelled int }
		if err := json.Unmarshal(get(t, "http://"+addrs[0]+"/v1/stats"), &stats); err != nil {
			t.Fatal(err)
		}
		return stats.Enqueued == players && stats.Waiting <= 3 && stats.Cancelled > 0 && stats.Matched+stats.Cancelled+stats.Waiting == players
	})
}

// require skips a test whose program is missing, unless an environment variable requires it.
func require(t *testing.T, promise, program string) {
	t.Helper()
	if os.Getenv(promise) == "1" {
		t.Fatalf("%s is required, but not on the PATH: install it", program)
	}
	t.Skipf("no %s on the PATH", program)
}

func get(t *testing.T, url string) []byte {
	t.Helper()
	answer, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	data, err := io.ReadAll(answer.Body)
	if err != nil || answer.StatusCode != http.StatusOK {
		t.Fatalf("%s: %s %s, %v", url, answer.Status, data, err)
	}
	return data
}
