package e2e_test

import (
	"bufio"
	"encoding/json"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// volatile are the keys that differ from run to run, or are missing in some: patterns may still want them.
var volatile = []string{
	"ticketId", "matchId", "roomId", "sid", "waiting", "nextTickMs", "waitedMs", "message", "retryAfterMs", "inMs", "closesInMs", "deadlineMs",
	"question", "questions", "questionItemId", "score",
}

// driver runs the clients.
type driver struct {
	t  *testing.T
	in io.Writer

	mu      sync.Mutex
	clients map[string]chan sight
}

// sight is an event or another thing that a client sees.
type sight struct {
	As    string `json:"as"`
	See   string `json:"see"` // "event", or the driver's name for it
	Event string `json:"event"`
	Data  any    `json:"data"`
	Seq   string `json:"seq"`
}

func (s sight) name() string {
	if s.See == "event" {
		return s.Event
	}
	return s.See
}

// differs returns how a sight differs from that of another client, apart from volatile keys; "" if it does not.
func (s sight) differs(other sight) string {
	if problem := unequal(s.name(), other.name()); problem != "" {
		return problem
	}
	return (&matcher{exact: true, literal: true, ignored: volatile}).diff(s.Data, other.Data)
}

// startDriver starts the clients' process, which ends with the test. Without Node.js or its packages the test is
// skipped, except where everything must run.
func startDriver(t *testing.T) *driver {
	t.Helper()
	folder := filepath.Join("testdata", "clients")
	missing := ""
	if _, err := exec.LookPath("node"); err != nil {
		missing = "there is no node"
	} else if _, err := os.Stat(filepath.Join(folder, "node_modules")); err != nil {
		missing = "its packages are missing: npm ci --prefix server/internal/e2e/testdata/clients"
	}
	if missing != "" {
		if os.Getenv("MATCHQ_REQUIRE_REDIS") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	cmd := exec.Command("node", "driver.js")
	cmd.Dir, cmd.Stderr = folder, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	d := &driver{t: t, in: in, clients: map[string]chan sight{}}
	read := make(chan struct{})
	go func() {
		defer close(read)
		d.read(out)
	}()
	t.Cleanup(func() {
		_ = in.Close()
		<-read
		_ = cmd.Wait()
	})
	return d
}

func (d *driver) read(out io.Reader) {
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		decoder := json.NewDecoder(strings.NewReader(lines.Text()))
		decoder.UseNumber()
		var s sight
		if err := decoder.Decode(&s); err != nil {
			d.t.Errorf("the driver says %q", lines.Text())
			continue
		}
		d.sights(s.As) <- s
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, c := range d.clients {
		close(c)
	}
}

// sights returns the sights of a client, in order.
func (d *driver) sights(as string) chan sight {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.clients[as] == nil {
		d.clients[as] = make(chan sight, 1000)
	}
	return d.clients[as]
}

func (d *driver) command(c map[string]any) {
	for key, value := range c {
		if value == nil {
			delete(c, key)
		}
	}
	line, err := json.Marshal(c)
	if err != nil {
		d.t.Error(err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	_, _ = d.in.Write(append(line, '\n'))
}

func (d *driver) leave(as string) { d.command(map[string]any{"do": "leave", "as": as}) }
