package ws

import (
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"
)

// slowSocket is a WebSocket that has room for one frame, as melody's has.
type slowSocket struct {
	t        *rapid.T
	frames   chan string
	received func(frame string)
	sent     func()
	delay    int
}

func (s *slowSocket) send(frame []byte) {
	select {
	case s.frames <- string(frame):
	default:
		s.t.Errorf("%s is lost: the socket has no room", frame)
	}
}

func (s *slowSocket) sendClose(int, string) bool { return false }

func (s *slowSocket) cut() {}

// run sends frames until there are no more.
func (s *slowSocket) run() {
	for frame := range s.frames {
		yields(s.delay)
		s.received(frame)
		yields(s.delay) // a client can answer before
		s.sent()
	}
}

func yields(n int) {
	for range n {
		runtime.Gosched()
	}
}

// reader is a client that keeps to the protocol. It notes all packets, by either transport.
type reader struct {
	mu     sync.Mutex
	got    []string
	probed chan struct{} // 3probe has come
	all    chan struct{} // all frames have come
	want   int
}

func (r *reader) take(frame string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch frame {
	case "3probe":
		close(r.probed)
	case "6":
	default:
		if r.got = append(r.got, frame); len(r.got) == r.want {
			close(r.all)
		}
	}
}

// poll makes one GET.
func (r *reader) poll(t *rapid.T, p *poller) {
	answer := httptest.NewRecorder()
	p.poll(answer, httptest.NewRequest(http.MethodGet, "/", nil))
	if answer.Code != http.StatusOK {
		t.Errorf("a poll is answered with %d %s", answer.Code, answer.Body)
		return
	}
	for frame := range strings.SplitSeq(answer.Body.String(), "\x1e") {
		r.take(frame)
	}
}

// However a session's frames, its polls and its upgrade follow each other, the client gets each frame once, in order.
func TestUpgradeMovesTheQueue(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		frames := rapid.IntRange(1, 60).Draw(t, "frames")
		pollsBefore := rapid.IntRange(0, 2).Draw(t, "polls before the probe")
		failed := rapid.Bool().Draw(t, "a probe fails before")
		pauses := rapid.SliceOfN(rapid.IntRange(0, 40), 5, 5).Draw(t, "pauses")

		r := &reader{probed: make(chan struct{}), all: make(chan struct{}), want: frames + 1}
		s := newEcho(t.Context(), rawEcho, Times{})
		c := &socketIO{conn: s.newConn("127.0.0.1"), version: 4}
		p := &poller{socketIO: c, sid: "secret", leave: func() {}}
		c.poller = p
		c.opened(&link{protocol: c, log: slog.New(slog.DiscardHandler), dropped: s.Dropped, socket: p})
		r.poll(t, p) // the handshake
		if failed {
			u := &probe{session: p}
			u.opened(&link{protocol: u, socket: &slowSocket{t: t, frames: make(chan string, 1)}, dropped: s.Dropped})
			u.text([]byte("2probe"))
			u.gone()
		}

		var writer sync.WaitGroup
		writer.Go(func() {
			for i := range frames {
				yields(pauses[i%4])
				c.write(fmt.Appendf(nil, "4%d", i))
			}
		})
		socket := &slowSocket{t: t, frames: make(chan string, 1), received: r.take, delay: pauses[4]}
		u := &probe{session: p}
		l := &link{protocol: u, socket: socket, dropped: s.Dropped, log: slog.New(slog.DiscardHandler)}
		socket.sent = l.sent
		var sending sync.WaitGroup
		sending.Go(socket.run)
		for range min(pollsBefore, frames) {
			if r.waits(frames) {
				r.poll(t, p)
			}
		}
		u.opened(l)
		yields(pauses[0])
		u.text([]byte("2probe"))
		for done := false; !done; { // polls, until it knows that the WebSocket works
			select {
			case <-r.probed:
				done = true
			default:
				r.poll(t, p)
			}
		}
		yields(pauses[1])
		u.text([]byte("5"))
		writer.Wait()
		select {
		case <-r.all:
		case <-time.After(patience):
			t.Fatalf("frames are missing")
		}
		for i, frame := range r.got[1:] {
			if frame != fmt.Sprintf("4%d", i) {
				t.Fatalf("got %v", r.got)
			}
		}
		u.gone()
		close(socket.frames)
		sending.Wait()
	})
}

// waits reports whether not all frames have come, so that a poll will be answered.
func (r *reader) waits(frames int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.got) < frames+1
}
