package testkit

import (
	"bytes"
	"net"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/lua"
)

// Proxy stands between a client and Redis and spoils calls of one script: it loses replies, or holds requests up.
type Proxy struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	script []byte // its hash, as it stands in requests
	lose   int    // how many replies are still to be lost
	hold   chan struct{}
	Held   chan struct{} // gets a value for each request that is held up
	down   bool          // lets nobody through
	open   map[net.Conn]bool
}

// NewProxy starts a proxy to a server. Its end, and that of its connections, comes with the test's.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = listener.Close() })
	p := &Proxy{listener: listener, target: target, Held: make(chan struct{}, 100), open: map[net.Conn]bool{}}
	go p.accept()
	return p
}

// Client returns a client that goes through the proxy.
func (p *Proxy) Client(t testing.TB) *redis.Client {
	client := redis.NewClient(&redis.Options{Addr: p.listener.Addr().String(), ContextTimeoutEnabled: true})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// HashOf is the hash of a script.
func HashOf(t testing.TB, script string) []byte {
	t.Helper()
	source, err := lua.Source(script)
	if err != nil {
		t.Fatal(err)
	}
	return []byte(redis.NewScript(source).Hash())
}

// LoseReplies cuts the connection after the next n calls of a script were made, before the client hears of them.
func (p *Proxy) LoseReplies(script []byte, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.script, p.lose = script, n
}

// HoldRequests keeps calls of a script from Redis until release is called, also if the client is gone by then.
func (p *Proxy) HoldRequests(script []byte) (release func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	hold := make(chan struct{})
	p.script, p.hold = script, hold
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.hold = nil
		close(hold)
	}
}

// Cut breaks all connections and refuses others until restore is called.
func (p *Proxy) Cut() (restore func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = true
	for conn := range p.open {
		_ = conn.Close()
	}
	return func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.down = false
	}
}

// enter says whether a connection may be opened, and remembers it.
func (p *Proxy) enter(conn net.Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.open[conn] = true
	return !p.down
}

// Left is how many replies are still to be lost.
func (p *Proxy) Left() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lose
}

// judge says what to do with a request.
func (p *Proxy) judge(request []byte) (lose bool, hold chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.script == nil || !bytes.Contains(request, p.script) {
		return false, nil
	}
	if p.lose > 0 {
		p.lose--
		return true, nil
	}
	return false, p.hold
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		if !p.enter(client) {
			_ = client.Close()
			continue
		}
		server, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = client.Close()
			continue
		}
		go p.serve(client, server)
	}
}

// serve passes data on. The hash of a script is at the start of a request, and so in its first packet.
func (p *Proxy) serve(client, server net.Conn) {
	defer func() { _, _ = client.Close(), server.Close() }()
	lost, answered := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(answered)
		passOn(client, server, lost)
	}()
	request := make([]byte, 64<<10)
	for {
		n, err := client.Read(request)
		if err != nil {
			return
		}
		lose, hold := p.judge(request[:n])
		if lose || hold != nil {
			close(lost)
		}
		if hold != nil {
			p.Held <- struct{}{}
			<-hold
		}
		if _, err = server.Write(request[:n]); err != nil {
			return
		}
		if lose || hold != nil {
			<-answered
			return
		}
	}
}

// passOn sends answers back until one is to be lost.
func passOn(client, server net.Conn, lost chan struct{}) {
	defer func() { _ = client.Close() }()
	answer := make([]byte, 64<<10)
	for {
		n, err := server.Read(answer)
		if err != nil {
			return
		}
		select {
		case <-lost:
			return
		default:
		}
		if _, err = client.Write(answer[:n]); err != nil {
			return
		}
	}
}
