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

// driver runs the clients, in a process for those in JavaScript and one for those in python.
type driver struct {
	t     *testing.T
	ended chan struct{} // closed when a process ends

	mu      sync.Mutex
	in      map[bool]io.Writer // for python, and for the others
	python  map[string]bool    // clients in python
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

const clientsFolder = "testdata/clients"

// debianPython is the python of Debian's packages, which another one on the PATH would not find.
const debianPython = "/usr/bin/python3"

// startDriver starts the clients' processes, which end with the test. Without their programs and packages the test is
// skipped, or fails if MATCHQ_REQUIRE_TOOLS is 1.
func startDriver(t *testing.T) *driver {
	t.Helper()
	missing := ""
	if _, err := exec.LookPath("node"); err != nil {
		missing = "there is no node"
	} else if _, err := os.Stat(filepath.Join(clientsFolder, "node_modules", "socket.io-client-1")); err != nil {
		missing = "packages are missing: npm ci --prefix server/internal/e2e/testdata/clients"
	} else if exec.Command(debianPython, "-c", "import requests, socketio, websocket").Run() != nil {
		missing = "packages are missing: apt-get install python3-requests python3-socketio python3-websocket"
	}
	if missing != "" {
		if os.Getenv("MATCHQ_REQUIRE_TOOLS") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	d := &driver{t: t, ended: make(chan struct{}), in: map[bool]io.Writer{}, python: map[string]bool{}, clients: map[string]chan sight{}}
	var running sync.WaitGroup
	t.Cleanup(running.Wait)
	d.run(&running, false, exec.Command("node", "driver.js"))
	d.run(&running, true, exec.Command(debianPython, "driver.py"))
	return d
}

// run starts a process, which ends with the test.
func (d *driver) run(running *sync.WaitGroup, python bool, cmd *exec.Cmd) {
	d.t.Helper()
	cmd.Dir, cmd.Stderr = clientsFolder, os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		d.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		d.t.Fatal(err)
	}
	d.in[python] = in
	running.Go(func() {
		d.read(out)
		_ = cmd.Wait()
		d.end()
	})
	d.t.Cleanup(func() { _ = in.Close() })
}

// end notes that a process has ended.
func (d *driver) end() {
	d.mu.Lock()
	defer d.mu.Unlock()
	select {
	case <-d.ended:
	default:
		close(d.ended)
	}
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
	who, _ := c["as"].(string)
	if c["do"] == "connect" {
		d.python[who] = c["kind"] == "python"
	}
	_, _ = d.in[d.python[who]].Write(append(line, '\n'))
}

func (d *driver) leave(as string) { d.command(map[string]any{"do": "leave", "as": as}) }
