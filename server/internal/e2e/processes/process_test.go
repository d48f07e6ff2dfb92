package processes_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
	"github.com/matchq/matchq/server/internal/base/flags"
	"github.com/matchq/matchq/server/internal/base/redisconn"
)

// beServer is the environment variable that makes the test binary a server: a separate process, to be killed.
// Its value is how long a question is open.
const beServer = "MATCHQ_TEST_SERVER"

func TestMain(m *testing.M) {
	if os.Getenv(beServer) == "" {
		os.Exit(m.Run())
	}
	question, err := time.ParseDuration(os.Getenv(beServer))
	var f *flags.Flags
	if err == nil {
		f, err = flags.Parse(os.Args[1:], os.Stdout, os.Stderr, os.Exit)
	}
	if err == nil {
		err = serve(f, question)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// serve runs a server until it is killed.
func serve(f *flags.Flags, question time.Duration) error {
	log := slog.New(slog.NewJSONHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelDebug}))
	redisconn.LogTo(log)
	c := app.NewConfig(f, log)
	c.Game.Countdown, c.Game.Question, c.Game.Pause = 20*time.Millisecond, question, 20*time.Millisecond // nobody reads them
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
	t     *testing.T
	url   string
	pid   int
	kill  func()        // like kill -9; waits for the end
	ended chan struct{} // closed at the end
}

// start starts a server on a test's Redis. Its grace is a second, unless args say otherwise.
func start(t *testing.T, env *matchqtest.Env, args ...string) *process {
	t.Helper()
	return startProgram(t, os.Args[0], env, args...)
}

// startProgram starts a server that is a program of its own. Its questions are open until all have answered.
func startProgram(t *testing.T, program string, env *matchqtest.Env, args ...string) *process {
	t.Helper()
	p, err := launch(t, program, env, patience, append([]string{"--interval", "40ms", "--grace", "1s"}, args...)...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.kill)
	return p
}

// launch starts a server that asks yesAndNo. The caller kills it.
func launch(t *testing.T, program string, env *matchqtest.Env, question time.Duration, args ...string) (*process, error) {
	folder := t.TempDir()
	if err := os.WriteFile(filepath.Join(folder, "yesno.json"), []byte(yesAndNo), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(program, append([]string{
		"--addr", "127.0.0.1:0", "--redis", env.URL, "--namespace", env.Namespace, "--questions", folder,
	}, args...)...)
	cmd.Env = append(os.Environ(), beServer+"="+question.String())
	log, err := cmd.StderrPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{t: t, pid: cmd.Process.Pid, ended: make(chan struct{})}
	url := make(chan string, 1)
	go func() {
		readLog(t, log, url)
		_ = cmd.Wait() // it was killed
		close(p.ended)
	}()
	p.kill = func() {
		_ = cmd.Process.Kill()
		<-p.ended
	}
	select {
	case p.url = <-url:
		return p, nil
	case <-p.ended:
		return nil, errors.New("the server did not start")
	case <-time.After(patience):
		p.kill()
		return nil, errors.New("the server does not log its address")
	}
}

// readLog finds a server's address, and checks its log for errors. The log is printed too if MATCHQ_TEST_LOG is set.
func readLog(t *testing.T, log io.Reader, url chan<- string) {
	lines, show := bufio.NewScanner(log), os.Getenv("MATCHQ_TEST_LOG") != ""
	for lines.Scan() {
		var line struct{ Level, Msg, URL string }
		err := json.Unmarshal(lines.Bytes(), &line)
		isFault := line.Level == "ERROR" && !strings.HasPrefix(line.Msg, "redis refuses") // which a test may want
		if err != nil || isFault || strings.Contains(line.Msg, "panic") {
			t.Errorf("the server said: %s", lines.Text())
		}
		if line.Msg == "listening" {
			url <- line.URL
		}
		if show {
			fmt.Fprintln(os.Stderr, lines.Text())
		}
	}
}
