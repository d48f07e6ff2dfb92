package app

import (
	"net"
	"net/http"
	"sync"
	"time"
)

// firstTimeout is how long a server that stops waits for the first request of a connection. http.Server.Shutdown itself waits
// five seconds for each: browsers keep connections ready that they may never use.
const firstTimeout = time.Second

// newcomers are the connections without a request yet. The zero value has none.
type newcomers struct {
	mu    sync.Mutex
	conns map[net.Conn]bool
}

// note takes the new state of a connection, as http.Server tells it.
func (n *newcomers) note(conn net.Conn, state http.ConnState) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if state != http.StateNew {
		delete(n.conns, conn)
		return
	}
	if n.conns == nil {
		n.conns = map[net.Conn]bool{}
	}
	n.conns[conn] = true
}

// hurry ends the wait for their first requests. One that comes whole in that moment is still answered: only reading ends.
func (n *newcomers) hurry() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for conn := range n.conns {
		_ = conn.SetReadDeadline(time.Now())
	}
}
