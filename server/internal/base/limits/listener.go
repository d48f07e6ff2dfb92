package limits

import (
	"log/slog"
	"net"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// sendBuffer is how many bytes the system holds for a client that does not read. Its default grows to megabytes.
	sendBuffer = 64 << 10
	// refuseTimeout is for a small answer on a new connection, which does not block.
	refuseTimeout = time.Second
)

// ListenerOptions are the bounds of a Listener. Zeros are no bounds.
type ListenerOptions struct {
	Max        int                     // open connections
	MaxAddress int                     // of them, those of an address, or of an IPv6 /64
	Exempt     func(*net.TCPAddr) bool // from MaxAddress, such as proxies, whose connections are those of many clients
	Refusal    []byte                  // HTTP answer to a connection over a bound, which is then closed
	Log        *slog.Logger
}

// Listener bounds the open connections, so that no address takes all of them, nor all addresses the memory.
type Listener struct {
	ListenerOptions
	*net.TCPListener

	all, each Slots
	warning   rate.Sometimes
}

// NewListener bounds the connections of a listener.
func NewListener(on *net.TCPListener, o ListenerOptions) *Listener {
	return &Listener{
		ListenerOptions: o, TCPListener: on, all: Slots{Max: o.Max}, each: Slots{Max: o.MaxAddress},
		warning: rate.Sometimes{First: 1, Interval: 10 * time.Second},
	}
}

// Accept returns the next connection within the bounds.
func (l *Listener) Accept() (net.Conn, error) {
	for {
		tcp, err := l.AcceptTCP()
		if err != nil {
			return nil, err
		}
		if leave, ok := l.take(tcp); ok {
			_ = tcp.SetWriteBuffer(sendBuffer)
			return &boundedConn{TCPConn: tcp, leave: leave}, nil
		}
		_ = tcp.SetWriteDeadline(time.Now().Add(refuseTimeout))
		_, _ = tcp.Write(l.Refusal)
		_ = tcp.Close()
	}
}

// take takes the slots of a connection.
func (l *Listener) take(tcp *net.TCPConn) (leave func(), ok bool) {
	peer, ok := tcp.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return nil, false
	}
	leaveAll, err := l.all.Take("")
	if err != nil {
		l.warn("refused a connection: the node has as many open as it can have", "max", l.Max)
		return nil, false
	}
	if l.Exempt(peer) {
		return leaveAll, true
	}
	address := peer.AddrPort().Addr().Unmap().String()
	leaveOne, err := l.each.Take(address)
	if err != nil {
		leaveAll()
		l.warn("refused a connection: its address has too many open; --trusted-proxy exempts a proxy", "address", address, "max", l.MaxAddress)
		return nil, false
	}
	return func() {
		leaveOne()
		leaveAll()
	}, true
}

func (l *Listener) warn(message string, about ...any) {
	l.warning.Do(func() { l.Log.Warn(message, about...) })
}

// boundedConn gives its slots back when it is closed. It is a *net.TCPConn for net/http, which closes one half of it.
type boundedConn struct {
	*net.TCPConn

	leave func()
	once  sync.Once
}

// Close closes the connection.
func (c *boundedConn) Close() error {
	c.once.Do(c.leave)
	return c.TCPConn.Close()
}
