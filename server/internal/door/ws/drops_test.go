package ws

import (
	"errors"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// reasons returns the reasons of drops.
type reasons struct {
	mu    sync.Mutex
	given []string
}

func (r *reasons) add(reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.given = append(r.given, reason)
}

func (r *reasons) all() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return strings.Join(r.given, " ")
}

func TestSilenceIsCounted(t *testing.T) {
	t.Parallel()
	var dropped reasons
	s, url, _ := serve(t, Options{Times: Times{PingInterval: time.Millisecond, PingTimeout: time.Millisecond}, Dropped: dropped.add})
	conn := dial(t, url, "EIO=4")
	for _, _, err := conn.ReadMessage(); err == nil; {
		_, _, err = conn.ReadMessage()
	}
	matchqtest.Eventually(t, "the connection has ended", func() bool { return s.Open() == 0 })
	if got := dropped.all(); got != dropSilent {
		t.Errorf("%q is counted", got)
	}
}

// A failure is counted once, with its reason; a wanted end is no failure.
func TestFailuresAreCounted(t *testing.T) {
	for _, c := range []struct {
		name   string
		link   *link
		err    error
		counts string
	}{
		{"the client goes", &link{}, io.EOF, ""},
		{"the network fails", &link{}, errors.New("reset"), ""},
		{"no pong", &link{}, os.ErrDeadlineExceeded, dropSilent},
		{"no pong while a frame is on its way", &link{sending: true}, os.ErrDeadlineExceeded, dropTooSlow},
		{"a large frame", &link{}, errTooLarge, dropTooLarge},
		{"after it was closed", &link{closed: true}, os.ErrDeadlineExceeded, ""},
	} {
		var dropped reasons
		l := c.link
		l.dropped = dropped.add
		l.failed(c.err)
		l.failed(c.err)
		if got := dropped.all(); got != c.counts {
			t.Errorf("%s: %q is counted, want %q", c.name, got, c.counts)
		}
	}
}
