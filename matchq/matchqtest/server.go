package matchqtest

import (
	"context"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Server is a running redis-server.
type Server struct {
	Addr string
	t    testing.TB
	dir  string
	args []string
	pid  int
	port io.Closer // gives the port back when closed
	hold io.Closer // ends the process when closed
}

// Start starts a redis-server on a free loopback port that keeps nothing on disk, unless args say otherwise.
func Start(t testing.TB, args ...string) *Server {
	t.Helper()
	needServer(t)
	s := launch(t, append([]string{"--save", "", "--appendonly", "no"}, args...)...)
	t.Cleanup(s.remove)
	return s
}

// StartSentinel starts a sentinel with a configuration file of the test's.
func StartSentinel(t testing.TB, config string) *Server {
	t.Helper()
	needServer(t)
	s := launch(t, config, "--sentinel")
	t.Cleanup(s.remove)
	return s
}

// needServer skips or fails a test that needs a redis-server where there is none.
func needServer(t testing.TB) {
	t.Helper()
	if _, err := exec.LookPath("redis-server"); err != nil {
		if os.Getenv("MATCHQ_REQUIRE_REDIS") == "1" {
			t.Fatal("redis-server is not on the PATH, but MATCHQ_REQUIRE_REDIS is 1: install it (apt-get install redis-server)")
		}
		t.Skip("no redis-server on the PATH: only the embedded one is tested")
	}
}

// launch starts a server that ends with this process at the latest.
func launch(t testing.TB, args ...string) *Server {
	t.Helper()
	addr, port := reserve(t)
	_, number, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	dir, err := os.MkdirTemp("", "matchqtest-")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{Addr: addr, t: t, dir: dir, port: port, args: append(args,
		"--bind", "127.0.0.1", "--port", number, "--dir", dir, "--logfile", filepath.Join(dir, "redis.log"),
	)}
	s.start()
	return s
}

// Restart starts the server, at the same address, after Kill.
func (s *Server) Restart() {
	s.t.Helper()
	s.start()
}

// keeper ends the server when it reads a line, or its input ends because the test process is gone, however it went. The
// line keep spares the folder.
const keeper = `redis-server "$@" & read -r line; kill -9 $!; wait; [ "$line" = keep ] || rm -rf "$0"`

func (s *Server) start() {
	s.t.Helper()
	cmd := exec.Command("sh", append([]string{"-c", keeper, s.dir}, s.args...)...)
	input, err := cmd.StdinPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start redis-server: %v", err)
	}
	s.hold = &closer{input, cmd}
	client := redis.NewClient(options(s.Addr))
	defer func() { _ = client.Close() }()
	Eventually(s.t, "redis-server tells its process id", func() bool {
		for line := range strings.Lines(client.Info(context.Background(), "server").Val()) {
			if id, ok := strings.CutPrefix(strings.TrimSpace(line), "process_id:"); ok {
				s.pid, err = strconv.Atoi(id)
				return err == nil
			}
		}
		return false
	})
}

type closer struct {
	input io.WriteCloser
	cmd   *exec.Cmd
}

func (c *closer) Close() error {
	_, err := io.WriteString(c.input, "keep\n")
	_ = c.input.Close()
	_ = c.cmd.Wait() // it was killed
	return err
}

// Kill ends the server at once, as kill -9 does. What it has on disk is there for Restart, until the test ends.
func (s *Server) Kill() {
	if s.hold != nil {
		s.Continue()
		_ = s.hold.Close()
		s.hold = nil
	}
}

// remove ends the server, removes its folder and gives its port back.
func (s *Server) remove() {
	s.Kill()
	_ = os.RemoveAll(s.dir)
	_ = s.port.Close()
}

// Stop freezes the server: connections stay, nothing is answered.
func (s *Server) Stop() { s.signal(syscall.SIGSTOP) }

// Continue ends a Stop.
func (s *Server) Continue() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	if err := syscall.Kill(s.pid, sig); err != nil {
		s.t.Errorf("signal redis-server: %v", err)
	}
}

// Client returns a client that is closed with the test.
func (s *Server) Client(t testing.TB) *redis.Client {
	client := redis.NewClient(options(s.Addr))
	t.Cleanup(func() { _ = client.Close() })
	return client
}
