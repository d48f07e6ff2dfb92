package main

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"

	"github.com/matchq/matchq/matchq/matchqtest"
)

const (
	jwtSecret = "a secret of at least 32 bytes ……"
	apiKey    = "a key of at least 16 bytes"
)

// program builds the bundled server, once.
var program = sync.OnceValues(func() (string, error) {
	folder, err := os.MkdirTemp("", "loadtest")
	if err != nil {
		return "", err
	}
	built := filepath.Join(folder, "server")
	output, err := exec.Command("go", "build", "-o", built, "../../server").CombinedOutput()
	if err != nil {
		err = errors.New(string(output))
	}
	return built, err
})

func TestMain(m *testing.M) {
	code := m.Run()
	if built, err := program(); err == nil {
		_ = os.RemoveAll(filepath.Dir(built))
	}
	os.Exit(code)
}

// startServer starts the bundled server and waits until it is ready.
func startServer(t *testing.T, addr string, args ...string) *exec.Cmd {
	t.Helper()
	built, err := program()
	if err != nil {
		t.Fatalf("build the server: %v", err)
	}
	server := exec.Command(built, append([]string{"--addr", addr, "--interval", "400ms"}, args...)...)
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = server.Process.Signal(syscall.SIGTERM)
		_ = server.Wait()
	})
	matchqtest.Eventually(t, "the server is ready", func() bool {
		response, err := http.Get("http://" + addr + "/readyz")
		if err != nil {
			return false
		}
		_ = response.Body.Close()
		return response.StatusCode == http.StatusOK
	})
	return server
}

// toTheEnd is for players who all get an outcome: it does not matter how long that takes.
var toTheEnd = []string{"--settle", matchqtest.Patience.String()}

// load runs the tool and returns its exit code, its report and its output.
func load(t *testing.T, addr string, args ...string) (code int, r report, printed string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "report.json")
	var out, log strings.Builder
	args = append([]string{"--url", "http://" + addr, "--settle", "2s", "--json", file}, args...)
	code = run(t.Context(), args, &out, &log)
	if data, err := os.ReadFile(file); err == nil {
		if err := json.Unmarshal(data, &r); err != nil {
			t.Fatal(err)
		}
	}
	return code, r, out.String() + log.String()
}

// TestServerKeepsItsPromises runs small loads against the bundled server, each of an even number of players in one queue.
func TestServerKeepsItsPromises(t *testing.T) {
	addr := matchqtest.FreeAddr(t)
	startServer(t, addr, "--rate-limit", "off")
	for name, args := range map[string][]string{
		"sockets, burst":  {"--burst", "--online", "--sources", "3", "--hold", "100ms"},
		"sockets, ramp":   {"--rate", "200", "--ramp", "100ms"},
		"HTTP, burst":     {"--http", "--burst"},
		"HTTP, by events": {"--http", "--events", "--rate", "200"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			chart := filepath.Join(t.TempDir(), "chart.svg")
			args = append(append(args, toTheEnd...), "--players", "60", "--queue", strings.ReplaceAll(name, " ", ""), "--svg", chart)
			code, r, printed := load(t, addr, args...)
			if code != 0 || r.Asked != 60 || r.Queued != 60 || r.Matched != 60 || len(r.Broken) > 0 || len(r.Errors) > 0 {
				t.Fatalf("exit code %d: %s", code, printed)
			}
			var names []string
			for _, times := range r.Times {
				// A queue may be due before any answer tells when, even for all.
				missing := times.Name != "tick → told" && times.Count != 60
				if missing || times.Count < 1 || times.P50 > times.P99 || times.P99 > times.Max {
					t.Errorf("%+v", times)
				}
				names = append(names, times.Name)
			}
			always := slices.DeleteFunc(slices.Clone(names), func(name string) bool { return name == "tick → told" })
			if got := strings.Join(always, ", "); got != "asked → queued, queued → matched, asked → told" {
				t.Errorf("measured: %s", got)
			}
			wantDrawing(t, chart, names)
		})
	}
}

// wantDrawing checks that a file is an SVG with some texts.
func wantDrawing(t *testing.T, file string, texts []string) {
	t.Helper()
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for decoder := xml.NewDecoder(strings.NewReader(string(data))); ; {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, text := range texts {
		if !strings.Contains(string(data), text) {
			t.Errorf("%s is missing in the chart", text)
		}
	}
}

// A player without an opponent is withdrawn, and players whose match is made ask again.
func TestLoadForSomeTime(t *testing.T) {
	addr := matchqtest.FreeAddr(t)
	startServer(t, addr, "--rate-limit", "off")
	for _, args := range [][]string{
		{"--rate", "100", "--duration", "2s", "--players", "150", "--queues", "4", "--zipf", "1.3"},
		{"--burst", "--players", "21"},
		{"--http", "--burst", "--players", "21"},
	} {
		code, r, printed := load(t, addr, args...)
		for settle := 4 * time.Second; code == 0 && r.Ended["left over"] > 4 && settle < matchqtest.Patience; settle *= 2 { // it stalled
			code, r, printed = load(t, addr, append(args, "--settle", settle.String())...)
		}
		if left := r.Ended["left over"]; code != 0 || r.Asked != r.Queued || r.Matched+left != r.Queued || left > 4 {
			t.Errorf("%v: exit code %d: %s", args, code, printed)
		}
		if args[0] == "--rate" && r.Asked+r.Skipped != 201 { // at 0, 10 ms, … 2 s
			t.Errorf("%d asked, %d skipped", r.Asked, r.Skipped)
		}
	}
}

func TestSecrets(t *testing.T) {
	addr := matchqtest.FreeAddr(t)
	startServer(t, addr, "--jwt-secret", jwtSecret, "--api-key", apiKey, "--demo")
	for _, args := range [][]string{{"--token", apiKey}, {"--token", apiKey, "--http"}, {"--guests"}, {"--guests", "--http"}} {
		if code, r, printed := load(t, addr, append(append(args, toTheEnd...), "--burst", "--players", "10")...); code != 0 || r.Matched != 10 {
			t.Errorf("%v: exit code %d: %s", args, code, printed)
		}
	}
	if code, _, printed := load(t, addr, "--burst", "--players", "4", "--http"); code != exitBroken || !strings.Contains(printed, "--token") {
		t.Errorf("without a token: exit code %d: %s", code, printed)
	}
	if code, _, printed := load(t, addr, "--burst", "--players", "4"); code != exitBroken || !strings.Contains(printed, codeBroken) {
		t.Errorf("without a token: exit code %d: %s", code, printed)
	}
}

func TestRateLimits(t *testing.T) {
	addr := matchqtest.FreeAddr(t)
	startServer(t, addr, "--rate-limit-address", "5/s")
	args := []string{"--burst", "--players", "1040", "--http"}
	code, r, printed := load(t, addr, args...)
	if code != exitBroken || r.Errors["rate_limited"] == 0 || !strings.Contains(printed, "--rate-limit off") {
		t.Errorf("exit code %d: %s", code, printed)
	}
	allowed := "rate_limited,redis_unavailable" // a machine that stalls may have the latter too
	if code, r, printed := load(t, addr, append(args, "--allow", allowed)...); code != 0 || r.Errors["rate_limited"] == 0 {
		t.Errorf("exit code %d: %s", code, printed)
	}
}

// The server is killed while players wait, and another one takes its place: all come back and keep their tickets.
func TestServerRestarts(t *testing.T) {
	shared, addr := miniredis.RunT(t), matchqtest.FreeAddr(t)
	args := []string{"--redis", "redis://" + shared.Addr(), "--rate-limit", "off"}
	first := startServer(t, addr, append(args, "--interval", "1h")...) // nobody is matched before it is killed
	type result struct {
		code    int
		r       report
		printed string
	}
	done := make(chan result, 1)
	go func() {
		code, r, printed := load(t, addr, append(toTheEnd, "--burst", "--players", "40", "--reconnect")...)
		done <- result{code, r, printed}
	}()
	matchqtest.Eventually(t, "players wait", func() bool {
		waiting, _ := shared.List("{matchq}:waiting:load-1")
		return len(waiting) == 40
	})
	_ = first.Process.Kill()
	_ = first.Wait() // it was killed, and has left its address
	startServer(t, addr, args...)
	got := <-done
	if got.code != 0 || got.r.Returned != 40 || got.r.Matched != 40 {
		t.Errorf("exit code %d: %s", got.code, got.printed)
	}
}
