package main

import (
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// startServer builds and starts the bundled server, with windows of 300 ms, and returns its URL.
func startServer(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "server")
	if output, err := exec.Command("go", "build", "-o", program, "../../server").CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, output)
	}
	addr := matchqtest.FreeAddr(t)
	var log strings.Builder
	server := exec.Command(program, "--addr", addr, "--interval", "300ms")
	server.Stdout, server.Stderr = &log, &log
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		if err := server.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
		}
		if t.Failed() {
			t.Logf("the server said:\n%s", &log)
		}
	})
	matchqtest.Eventually(t, "the server is ready", func() bool {
		response, err := http.Get("http://" + addr + "/readyz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return "http://" + addr
}

func TestEnqueue(t *testing.T) {
	server := startServer(t)
	t.Run("go", func(t *testing.T) { fromGo(t, server) })
	t.Run("shell", func(t *testing.T) { fromShell(t, server) })
}

func fromGo(t *testing.T, server string) {
	var out strings.Builder
	if err := run(t.Context(), &out, server, "history", []string{"alice", "bob"}); err != nil {
		t.Fatal(err)
	}
	want := regexp.MustCompile(`^alice: matched with bob in (room-[0-9-]+)\nbob: matched with alice in (room-[0-9-]+)\n$`)
	if rooms := want.FindStringSubmatch(out.String()); rooms == nil || rooms[1] != rooms[2] {
		t.Errorf("it printed:\n%s", &out)
	}
	if err := run(t.Context(), &out, server, "history", []string{"."}); err == nil || !strings.Contains(err.Error(), "422") {
		t.Errorf("a player with a bad name: %v", err)
	}
}

func fromShell(t *testing.T, server string) {
	if _, err := exec.LookPath("curl"); err != nil {
		if os.Getenv("MATCHQ_REQUIRE_TOOLS") == "1" {
			t.Fatal("curl is required, but not on the PATH: install it")
		}
		t.Skip("no curl on the PATH")
	}
	output, err := exec.Command("sh", "enqueue.sh", server, "history", "carol", "dave").CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	want := regexp.MustCompile(`^carol has /v1/tickets/[\w-]+
dave has /v1/tickets/[\w-]+
\{"id":.*"player":"carol","state":"matched".*"room":"(room-[0-9-]+)".*\}
\{"id":.*"player":"dave","state":"matched".*"room":"(room-[0-9-]+)".*\}
$`)
	if rooms := want.FindStringSubmatch(string(output)); rooms == nil || rooms[1] != rooms[2] {
		t.Errorf("it printed:\n%s", output)
	}
	output, err = exec.Command("sh", "enqueue.sh", server, "history", ".").CombinedOutput()
	if err == nil || !strings.Contains(string(output), `"code":"invalid"`) {
		t.Errorf("a player with a bad name: %v\n%s", err, output)
	}
}
