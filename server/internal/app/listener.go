package app

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"syscall"

	"github.com/matchq/matchq/server/internal/base/limits"
	httpdoor "github.com/matchq/matchq/server/internal/door/http"
)

const (
	maxSlots        = 1000   // of an address on this node: connections; of them long polls and event streams, and sockets
	mostConnections = 50_000 // of all addresses
	ownFiles        = 128    // files that the server has open besides, such as connections to Redis
	minOpenFiles    = 1024   // where the system does not tell
)

// maxAddress is the limit of an address. Without rate limits there is none.
func (s *Server) maxAddress() int {
	if s.config.RateLimitAddress.Off() {
		return 0
	}
	return maxSlots
}

// slots makes a limit of an address: of connections behind proxies too, which the listener can't tell apart.
func (s *Server) slots() *limits.Slots { return &limits.Slots{Max: s.maxAddress()} }

// maxConnections leaves the server files of its own.
func maxConnections() int {
	return int(min(mostConnections, max(openFiles(), minOpenFiles/2)-ownFiles))
}

// listen listens, with bounds of the connections. A trusted proxy has connections of many clients, and is bounded by
// all of them only.
func (s *Server) listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", s.config.Addr)
	if errors.Is(err, syscall.EADDRINUSE) {
		return nil, fmt.Errorf("--addr: %s is in use by another program: stop it, or choose another port, such as --addr 127.0.0.1:4001", s.config.Addr)
	}
	if err != nil {
		return nil, fmt.Errorf("--addr: %w", err)
	}
	proxies, err := s.config.Proxies()
	if err != nil {
		return nil, err
	}
	isProxy := func(peer *net.TCPAddr) bool {
		return slices.ContainsFunc(proxies, func(network *net.IPNet) bool { return network.Contains(peer.IP) })
	}
	return limits.NewListener(listener.(*net.TCPListener), limits.ListenerOptions{ //nolint:forcetypeassert // of "tcp"
		Max: maxConnections(), MaxAddress: s.maxAddress(), Exempt: isProxy, Refusal: httpdoor.Overloaded(), Log: s.log,
	}), nil
}
