package redisconn

import (
	"context"
	"crypto/tls"
	"net"
	"strconv"
	"sync"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9"
)

// sentinels leaves an old master as soon as any Sentinel knows a new one. The driver hears one Sentinel only, and Sentinels
// tell of a failover up to a second apart: meanwhile servers that hear different ones would work on different masters, and
// the writes that the old one acknowledges are lost.
type sentinels struct {
	master    string // its name
	dial      func(ctx context.Context, network, addr string) (net.Conn, error)
	listening sync.WaitGroup

	mu     sync.Mutex
	epoch  uint64               // of the newest configuration; a Sentinel that tells an older one is behind
	newest string               // address of its master
	left   map[string]time.Time // when each earlier master was left
	open   map[*masterConn]bool
}

// leaveFor is how long a master that was left is avoided. By then the Sentinel of the driver knows of it too.
const leaveFor = 10 * time.Second

// masterConn is a connection of the driver.
type masterConn struct {
	net.Conn
	of   *sentinels
	addr string
}

// checkedConn lets the driver see whether the other end has closed it, before it is used again.
type checkedConn struct {
	*masterConn
	syscall.Conn
}

func (c *masterConn) Close() error {
	c.of.mu.Lock()
	delete(c.of.open, c)
	c.of.mu.Unlock()
	return c.Conn.Close()
}

// newFailoverClient makes a client of the master that the Sentinels name. stop must be called once it is closed.
func newFailoverClient(options *redis.FailoverOptions) (client *redis.Client, stop func()) {
	ctx, cancel := context.WithCancel(context.Background()) // until the client is closed
	s := &sentinels{master: options.MasterName, left: map[string]time.Time{}, open: map[*masterConn]bool{}}
	alive := net.KeepAliveConfig{Enable: true, Idle: 30 * time.Second, Interval: 5 * time.Second, Count: 3} // the driver's
	dialer := &net.Dialer{Timeout: 5 * time.Second, KeepAliveConfig: alive}
	s.dial = dialer.DialContext
	if options.TLSConfig != nil {
		s.dial = (&tls.Dialer{NetDialer: dialer, Config: options.TLSConfig}).DialContext
	}
	for _, addr := range options.SentinelAddrs {
		s.listening.Go(func() { s.listen(ctx, addr) })
	}
	options.Dialer = s.connect
	return redis.NewFailoverClient(options), func() {
		cancel()
		s.listening.Wait()
	}
}

// connect connects to an address that the driver was told by its Sentinel, or to the master after that one.
func (s *sentinels) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	for {
		s.mu.Lock()
		to := s.insteadOf(addr)
		s.mu.Unlock()
		conn, err := s.dial(ctx, network, to)
		if err != nil {
			return nil, err
		}
		c := &masterConn{Conn: conn, of: s, addr: to}
		s.mu.Lock()
		current := s.insteadOf(addr) == to // else it was left meanwhile
		if current {
			s.open[c] = true
		}
		s.mu.Unlock()
		if !current {
			_ = conn.Close()
			continue
		}
		if socket, ok := conn.(syscall.Conn); ok {
			return checkedConn{c, socket}, nil
		}
		return c, nil
	}
}

// insteadOf returns the newest master in place of one that was left lately. s.mu is held.
func (s *sentinels) insteadOf(addr string) string {
	if at, ok := s.left[addr]; ok && time.Since(at) < leaveFor {
		return s.newest
	}
	return addr
}

// listen follows the news of a Sentinel until ctx ends.
func (s *sentinels) listen(ctx context.Context, addr string) {
	client := redis.NewSentinelClient(&redis.Options{Addr: addr, Dialer: s.dial, ContextTimeoutEnabled: true})
	news := client.Subscribe(ctx, "+switch-master")
	defer func() {
		_ = news.Close()
		_ = client.Close()
	}()
	changes := news.ChannelWithSubscriptions()
	for {
		select {
		case <-changes: // or a new connection, before which news were missed
		case <-ctx.Done():
			return
		}
		told, err := client.Master(ctx, s.master).Result()
		if err != nil {
			continue // the Sentinel is away: others tell
		}
		if epoch, err := strconv.ParseUint(told["config-epoch"], 10, 64); err == nil {
			s.hear(epoch, net.JoinHostPort(told["ip"], told["port"]))
		}
	}
}

// hear notes the master of a configuration, and leaves that of an older one, whichever was heard first.
func (s *sentinels) hear(epoch uint64, master string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	older := master
	switch {
	case s.newest != "" && epoch == s.epoch:
		return
	case s.newest == "" || epoch > s.epoch:
		older = s.newest
		s.epoch, s.newest = epoch, master
		delete(s.left, master)
	}
	if older != "" && older != s.newest {
		s.leave(older)
	}
}

// leave breaks the connections to a master: calls under way are repeated on the new one. s.mu is held.
func (s *sentinels) leave(master string) {
	s.left[master] = time.Now()
	for c := range s.open {
		if c.addr == master {
			_ = c.Conn.Close()
		}
	}
}
