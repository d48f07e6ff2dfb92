package processes_test

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// memory is the resident memory of a server, in MiB.
func (p *process) memory() int {
	p.t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.pid))
	if err != nil {
		p.t.Fatal(err)
	}
	match := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(status)
	kib, err := strconv.Atoi(string(match[1]))
	if err != nil {
		p.t.Fatal(err)
	}
	return kib >> 10
}

// from makes a client with an address of its own.
func from(address string) *http.Client {
	dialer := &net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
	return &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext}, Timeout: patience}
}

// flood opens connections and writes to them, without reading. It returns how many it could open.
func (p *process) flood(count int, text func(i int) string) (opened int) {
	p.t.Helper()
	var mu sync.Mutex
	var opening sync.WaitGroup
	next := make(chan int)
	for range 16 {
		opening.Go(func() {
			for i := range next {
				conn, err := net.Dial("tcp", strings.TrimPrefix(p.url, "http://"))
				if err != nil {
					continue
				}
				_ = conn.(*net.TCPConn).SetReadBuffer(4 << 10)
				p.t.Cleanup(func() { _ = conn.Close() })
				if _, err := io.WriteString(conn, text(i)); err == nil {
					mu.Lock()
					opened++
					mu.Unlock()
				}
			}
		})
	}
	for i := range count {
		next <- i
	}
	close(next)
	opening.Wait()
	return opened
}

// A flood is a number of connections that write some requests and read nothing.
type flood struct {
	count int
	texts []string
}

var (
	idleBodies = flood{4000, []string{
		"GET /v1/stats HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\n",
		"POST /v1/queues/q/tickets HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n",
		"GET /v1/nothing HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n",
	}}
	unreadAnswers = flood{2000, []string{
		strings.Repeat("GET /v1/queues HTTP/1.1\r\nHost: localhost\r\n\r\n", 4),
		strings.Repeat("GET /v1/queues?limit=999 HTTP/1.1\r\nHost: localhost\r\n\r\n", 4),
		strings.Repeat("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", 20),
		"GET /v1/dashboard/events HTTP/1.1\r\nHost: localhost\r\n\r\n",
	}}
)

// One address sends bodies that never come and reads no answers. That costs little memory, the others are served, and
// after a while the address is too.
func TestFloodFromOneAddress(t *testing.T) {
	program := build(t)
	for name, floods := range map[string][]flood{"bodies first": {idleBodies, unreadAnswers}, "answers first": {unreadAnswers, idleBodies}} {
		t.Run(name, func(t *testing.T) {
			env := matchqtest.Real(t)
			p := startProgram(t, program, env, "--interval", "1h", "--log-level", "info")
			fillQueues(t, env)
			other := from("127.0.0.2")
			p.probe(other, 40)
			before := p.memory()
			most, slowest := before, time.Duration(0)
			for _, f := range floods {
				opened := p.flood(f.count, func(i int) string { return f.texts[i%len(f.texts)] })
				took := p.probe(other, 100)
				t.Logf("%d connections: %d MiB, the other address waited %v", opened, p.memory(), took)
				most, slowest = max(most, p.memory()), max(slowest, took)
			}
			matchqtest.Eventually(t, "the address is served again", func() bool {
				most = max(most, p.memory())
				answer, err := from("127.0.0.1").Get(p.url + "/livez")
				if err != nil {
					return false
				}
				_ = answer.Body.Close()
				return answer.StatusCode == http.StatusOK
			})
			t.Logf("%d MiB before, %d MiB at most", before, most)
			if most-before > 128 { // 1,000 connections of 64 KiB, and as much that the collector has not freed yet
				t.Errorf("the memory grew from %d to %d MiB", before, most)
			}
			if slowest > 250*time.Millisecond { // on a busy machine; about 1 ms on a quiet one
				t.Errorf("the other address waited for %v", slowest)
			}
		})
	}
}

// fillQueues makes as many queues as there can be, with long names.
func fillQueues(t *testing.T, env *matchqtest.Env) {
	t.Helper()
	m, err := matchq.New(env.Client, matchq.Config{Namespace: env.Namespace, Interval: time.Hour, Timeout: patience})
	if err != nil {
		t.Fatal(err)
	}
	requests := make([]matchq.Request, 10_000)
	for i := range requests {
		requests[i] = matchq.Request{Queue: fmt.Sprintf("%s-%05d", strings.Repeat("q", 100), i), Player: fmt.Sprint(i)}
	}
	for part := range slices.Chunk(requests, 1000) {
		if _, err := m.EnqueueAll(t.Context(), part); err != nil {
			t.Fatal(err)
		}
	}
}

// probe makes calls of all kinds and returns how long the slowest but one in twenty took.
func (p *process) probe(client *http.Client, count int) time.Duration {
	p.t.Helper()
	took := make([]time.Duration, count)
	for i := range took {
		began := time.Now()
		path := []string{"/livez", "/v1/stats", "/v1/queues", "/v1/queues/q"}[i%4]
		r, err := http.NewRequestWithContext(context.Background(), http.MethodGet, p.url+path, nil)
		if err != nil {
			p.t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			p.t.Fatal(err)
		}
		_, err = io.Copy(io.Discard, answer.Body)
		_ = answer.Body.Close()
		if err != nil || answer.StatusCode != http.StatusOK {
			p.t.Fatalf("%s: %d, %v", path, answer.StatusCode, err)
		}
		took[i] = time.Since(began)
	}
	slices.Sort(took)
	return took[count*19/20]
}

// build makes a server without the race detector, which tests may have, and its memory.
func build(t *testing.T) string {
	t.Helper()
	program := filepath.Join(t.TempDir(), "server")
	if out, err := exec.Command("go", "build", "-o", program, "github.com/matchq/matchq/server").CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	return program
}

// Sockets that ask for lists and do not read them hold no more than a small buffer each.
func TestSocketsThatDoNotRead(t *testing.T) {
	env := matchqtest.Real(t)
	p := startProgram(t, build(t), env, "--interval", "1h", "--log-level", "info")
	fillQueues(t, env)
	other := from("127.0.0.2")
	p.probe(other, 40)
	before := p.memory()
	most := before
	var asking sync.WaitGroup
	for range 150 {
		conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(p.url, "http")+"/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		t.Cleanup(func() { _ = conn.Close() })
		asking.Go(func() {
			for range 60 {
				_ = conn.SetWriteDeadline(time.Now().Add(patience))
				if conn.WriteMessage(websocket.TextMessage, []byte(`{"event":"get_connection_status","id":1}`)) != nil {
					return // it was cut off
				}
			}
		})
	}
	asking.Wait()
	for range 10 {
		p.probe(other, 20)
		most = max(most, p.memory())
	}
	t.Logf("%d MiB before, %d MiB at most", before, most)
	if most-before > 128 {
		t.Errorf("the memory grew from %d to %d MiB", before, most)
	}
}
