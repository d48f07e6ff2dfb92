package processes_test

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
	"github.com/matchq/matchq/server/internal/base/redisconn"
)

// beServer is the environment variable that makes the test binary a server: a separate process, to be killed.
const beServer = "MATCHQ_TEST_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(beServer) == "" {
		os.Exit(m.Run())
	}
	f, err := flags.Parse(os.Args[1:], os.Stdout, os.Stderr, os.Exit)
	if err == nil {
		err = serve(f)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs a server until it is killed.
func serve(f *flags.Flags) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	redisconn.LogTo(log)
	c := app.NewConfig(f, log)
	c.Game.Countdown, c.Game.Pause = 20*time.Millisecond, 20*time.Millisecond // nobody reads them
	s, err := app.Start(context.Background(), c)
	if err != nil {
		return err
	}
	return s.Run(context.Background())
}

// yesAndNo are questions whose right answer is yes.
const yesAndNo = `{"title": "Yes and no", "questions": [
	{"id": "q1", "text": "One?", "choices": ["no", "yes"], "answer": 1},
	{"id": "q2", "text": "Two?", "choices": ["yes", "no"], "answer": 0},
	{"id": "q3", "text": "Three?", "choices": ["no", "yes"], "answer": 1},
	{"id": "q4", "text": "Four?", "choices": ["yes", "no"], "answer": 0}
]}`

// process is a running server.
type process struct {
	t    *testing.T
	url  string
	pid  int
	kill func() // like kill -9; waits for the end
}

// start starts a server on a test's Redis. Its grace is a second, unless args say otherwise.
func start(t *testing.T, env *matchqtest.Env, args ...string) *process {
	t.Helper()
	return startProgram(t, os.Args[0], env, args...)
}

// startProgram starts a server that is a program of its own.
func startProgram(t *testing.T, program string, env *matchqtest.Env, args ...string) *process {
	t.Helper()
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "yesno.json"), []byte(yesAndNo), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, append([]string{
		"--addr", "127.0.0.1:0", "--redis", env.URL, "--namespace", env.Namespace,
		"--interval", "40ms", "--grace", "1s", "--questions", folder,
	}, args...)...)
	cmd.Env = append(os.Environ(), beServer+"=1")
	log, err := cmd.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	url, read := make(chan string, 1), make(chan struct{})
	go func() {
		defer close(read)
		readLog(t, log, url)
	}()
	kill := sync.OnceFunc(func() {
		_ = cmd.Process.Kill()
		<-read
		_ = cmd.Wait() // it was killed
	})
	t.Cleanup(kill)
	select {
	case u := <-url:
		return &process{t: t, url: u, pid: cmd.Process.Pid, kill: kill}
	case <-read:
		t.Fatal("the server did not start")
	case <-time.After(patience):
		t.Fatal("the server does not log its address")
	}
	return nil
}

// readLog finds a server's address, and checks its log for errors.
func readLog(t *testing.T, log io.Reader, url chan<- string) {
	lines := bufio.NewScanner(log)
	for lines.Scan() {
		var line struct{ Level, Msg, URL string }
		if json.Unmarshal(lines.Bytes(), &line) != nil || line.Level == "ERROR" || strings.Contains(line.Msg, "panic") {
			t.Errorf("the server said: %s", lines.Text())
		}
		if line.Msg == "listening" {
			url <- line.URL
		}
	}
}
