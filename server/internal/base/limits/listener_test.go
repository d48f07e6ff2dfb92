package limits_test

import (
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/limits"
)

func TestListener(t *testing.T) {
	on, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	l := limits.NewListener(on.(*net.TCPListener), limits.ListenerOptions{
		Max: 4, MaxAddress: 2, Refusal: []byte("no"), Log: slog.New(slog.NewTextHandler(&log, nil)),
		Exempt: func(peer *net.TCPAddr) bool { return peer.IP.Equal(net.IPv4(127, 0, 0, 9)) },
	})
	accepted := make(chan net.Conn, 10)
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			_, _ = io.WriteString(conn, "in")
			accepted <- conn
		}
	}()
	dial := func(address string) string {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(address)}}
		conn, err := dialer.DialContext(t.Context(), "tcp", on.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		_ = conn.SetReadDeadline(time.Now().Add(matchqtest.Patience))
		text := make([]byte, 2)
		if _, err := io.ReadFull(conn, text); err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	for i, c := range []struct{ address, want string }{
		{"127.0.0.1", "in"}, {"127.0.0.1", "in"}, {"127.0.0.1", "no"}, {"127.0.0.9", "in"}, {"127.0.0.2", "in"}, // of one address
		{"127.0.0.3", "no"}, {"127.0.0.9", "no"}, // of all, a proxy too
	} {
		if got := dial(c.address); got != c.want {
			t.Errorf("connection %d, of %s: %q", i, c.address, got)
		}
	}
	first := <-accepted
	_, isTCP := first.(interface{ CloseWrite() error })
	_ = first.Close()
	_ = first.Close() // twice, as net/http does, gives back one slot
	matchqtest.Eventually(t, "the slot is given back", func() bool { return dial("127.0.0.1") == "in" })
	if got := dial("127.0.0.3"); got != "no" || !isTCP {
		t.Errorf("got %q; half a connection can be closed: %v", got, isTCP)
	}
	_ = l.Close()
	<-ended
	if strings.Count(log.String(), "\n") != 1 || !strings.Contains(log.String(), "--trusted-proxy") {
		t.Errorf("the log is %s", log.String())
	}
}
