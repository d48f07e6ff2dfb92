package main

import (
	"io"
	"net"
	"net/http"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// startServer builds and starts the bundled server and returns its address.
func startServer(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "server")
	if output, err := exec.Command("go", "build", "-o", program, "../../server").CombinedOutput(); err != nil {
		t.Fatalf("build the server: %v\n%s", err, output)
	}
	addr := matchqtest.FreeAddr(t)
	server := exec.Command(program, "--addr", addr, "--interval", "300ms")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		if err := server.Wait(); err != nil {
			t.Errorf("the server ended with %v", err)
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
	return addr
}

// brittle forwards connections to addr and cuts the first one when the server sends a given text.
func brittle(t *testing.T, addr, something string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for cut := something; ; cut = "" {
			client, err := listener.Accept()
			if err != nil {
				return
			}
			go pass(client, addr, cut)
		}
	}()
	return listener.Addr().String()
}

func pass(client net.Conn, addr, cut string) {
	defer client.Close()
	server, err := net.Dial("tcp", addr)
	if err != nil {
		return // the client tries again
	}
	defer server.Close()
	go func() { _, _ = io.Copy(server, client) }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := server.Read(buffer)
		if err != nil || cut != "" && strings.Contains(string(buffer[:n]), cut) {
			return
		}
		if _, err := client.Write(buffer[:n]); err != nil {
			return
		}
	}
}

// One of the two loses the connection before the first question arrives, and gets the question after reconnecting.
func TestQuizPlayers(t *testing.T) {
	server := startServer(t)
	var alice, bob strings.Builder
	var playing sync.WaitGroup
	for _, p := range []*player{
		{name: "alice", out: &alice, server: "ws://" + brittle(t, server, "question_started") + "/ws"},
		{name: "bob", out: &bob, server: "ws://" + server + "/ws"},
	} {
		p.quiz, p.questions = "history", 1
		playing.Go(func() {
			if err := p.play(t.Context()); err != nil {
				t.Errorf("%s: %v", p.name, err)
			}
		})
	}
	timeout := time.AfterFunc(2*matchqtest.Patience, func() { panic("the game does not end: " + alice.String() + bob.String()) })
	playing.Wait()
	timeout.Stop()
	for out, comes := range map[*strings.Builder]string{&alice: `reconnecting: .*\n`, &bob: ""} {
		want := regexp.MustCompile(`^waiting for an opponent\nmatched\n` + comes + `1 of 1: .*\nscores: .*\nfinished: .*\n$`)
		if !want.MatchString(out.String()) {
			t.Errorf("it printed:\n%s", out)
		}
	}
}
