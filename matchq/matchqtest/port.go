package matchqtest

import (
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"testing"
)

// FreeAddr returns a loopback address on which nothing listens, for a program that is told where to listen. No other test gets
// it before this one ends, not even one of another process.
func FreeAddr(t testing.TB) string {
	t.Helper()
	addr, port := reserve(t)
	t.Cleanup(func() { _ = port.Close() })
	return addr
}

const (
	lowestPort = 10_000
	ports      = 5000
)

// reserve finds a free port and keeps other tests from it until port is closed.
//
// It is between 10000 and 14999. Systems choose higher ones for connections: those could be taken before the server starts,
// or while it is down. A listener on the port 5000 above says that a port is taken. On the port 10000 above the nodes of a
// cluster talk.
func reserve(t testing.TB) (addr string, port io.Closer) {
	t.Helper()
	var failed error
	for range 1000 {
		number := lowestPort + rand.IntN(ports)
		taken, err := net.Listen("tcp", loopback(number+ports))
		if err == nil {
			if err = listens(number, number+2*ports); err == nil {
				return loopback(number), taken
			}
			_ = taken.Close()
		}
		failed = err
	}
	t.Fatalf("find a free port: %v", failed)
	return "", nil
}

func loopback(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// listens tries to listen on ports, for a moment.
func listens(ports ...int) error {
	for _, port := range ports {
		listener, err := net.Listen("tcp", loopback(port))
		if err != nil {
			return err
		}
		if err := listener.Close(); err != nil {
			return err
		}
	}
	return nil
}
