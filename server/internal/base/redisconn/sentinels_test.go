package redisconn

import (
	"context"
	"errors"
	"net"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// sentinelServer is a Sentinel that answers as a test wants.
type sentinelServer struct {
	*server.Server

	mu        sync.Mutex
	epoch     int
	master    string // "" for none
	listeners []*server.Peer
}

func startSentinel(t *testing.T, master string) *sentinelServer {
	t.Helper()
	srv, err := server.NewServer("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(srv.Close)
	s := &sentinelServer{Server: srv, epoch: 1, master: master}
	for name, answer := range map[string]server.Cmd{"SENTINEL": s.ask, "SUBSCRIBE": s.subscribe} {
		if err := srv.Register(name, answer); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *sentinelServer) ask(c *server.Peer, _ string, args []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch host, port, _ := net.SplitHostPort(s.master); {
	case args[0] == "sentinels":
		c.WriteLen(0)
	case s.master == "":
		c.WriteNull()
	case args[0] == "get-master-addr-by-name":
		c.WriteStrings([]string{host, port})
	default:
		c.WriteStrings([]string{"ip", host, "port", port, "config-epoch", strconv.Itoa(s.epoch)})
	}
}

func (s *sentinelServer) subscribe(c *server.Peer, _ string, args []string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners = append(s.listeners, c)
	for i, channel := range args {
		c.Block(func(w *server.Writer) {
			w.WritePushLen(3)
			w.WriteBulk("subscribe")
			w.WriteBulk(channel)
			w.WriteInt(i + 1)
		})
	}
}

// tell has the Sentinel know, and tell, a master.
func (s *sentinelServer) tell(epoch int, master string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.epoch, s.master = epoch, master
	for _, c := range s.listeners {
		c.Block(func(w *server.Writer) {
			w.WritePushLen(3)
			w.WriteBulk("message")
			w.WriteBulk("+switch-master")
			w.WriteBulk("game 127.0.0.1 1 127.0.0.1 2")
			w.Flush()
		})
	}
}

// The driver follows the first Sentinel that knows a new master, and not one that still tells of an older one.
func TestTheFirstSentinelCounts(t *testing.T) {
	old, promoted := miniredis.RunT(t), miniredis.RunT(t)
	slow, quick := startSentinel(t, old.Addr()), startSentinel(t, "")
	conn, err := Open(t.Context(), "redis+sentinel://"+slow.Addr().String()+","+quick.Addr().String()+"/game")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	reaches := func(what string, master *miniredis.Miniredis) {
		t.Helper()
		matchqtest.Eventually(t, what, func() bool {
			return conn.Set(t.Context(), "k", what, 0).Err() == nil && master.Exists("k")
		})
		old.FlushAll()
		promoted.FlushAll()
	}
	reaches("the first master", old)
	matchqtest.Eventually(t, "both are heard", func() bool { return quick.listened() && slow.listened() })
	quick.tell(2, promoted.Addr())
	reaches("the new master", promoted)
	slow.tell(1, old.Addr())
	for range 10 {
		if err := conn.Set(t.Context(), "k", "late", 0).Err(); err != nil || old.Exists("k") {
			t.Fatalf("an older Sentinel is believed: %v", err)
		}
	}
	slow.tell(3, old.Addr())
	reaches("the first master again", old)
}

// A Sentinel that is behind is heard after one that knows the new master, as when a server starts during a failover: the
// driver may have got the old master from it.
func TestASentinelThatIsBehindIsHeardLast(t *testing.T) {
	old, promoted := miniredis.RunT(t), miniredis.RunT(t)
	s := &sentinels{dial: (&net.Dialer{}).DialContext, left: map[string]time.Time{}, open: map[*masterConn]bool{}}
	before, err := s.connect(t.Context(), "tcp", old.Addr())
	if err != nil {
		t.Fatal(err)
	}
	s.hear(2, promoted.Addr())
	s.hear(1, old.Addr())
	if _, err := before.Write([]byte("PING\r\n")); !errors.Is(err, net.ErrClosed) {
		t.Errorf("the connection to the old master: %v", err)
	}
	after, err := s.connect(t.Context(), "tcp", old.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = after.Close() }()
	if to := after.RemoteAddr().String(); to != promoted.Addr() {
		t.Errorf("connected to %s, not the new master %s", to, promoted.Addr())
	}
}

// A connection that is made while its master is left is not used.
func TestAMasterIsLeftWhileItIsDialed(t *testing.T) {
	old, promoted := miniredis.RunT(t), miniredis.RunT(t)
	s := &sentinels{left: map[string]time.Time{}, open: map[*masterConn]bool{}}
	s.hear(1, old.Addr())
	s.dial = func(ctx context.Context, network, addr string) (net.Conn, error) {
		conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
		s.hear(2, promoted.Addr())
		return conn, err
	}
	conn, err := s.connect(t.Context(), "tcp", old.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	if to := conn.RemoteAddr().String(); to != promoted.Addr() {
		t.Errorf("connected to %s, not the new master %s", to, promoted.Addr())
	}
}

func (s *sentinelServer) listened() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.listeners) > 0
}
