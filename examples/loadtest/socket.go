package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// overSockets plays over plain WebSockets.
type overSockets struct {
	*tally
	*caller

	buffers   sync.Pool // of writes: most connections are idle
	dials     chan struct{}
	listening sync.WaitGroup
}

// socket is a player's connection.
type socket struct {
	mu      sync.Mutex // guards conn and writes to it
	conn    *websocket.Conn
	lastSeq string // of the newest push: where to resume. Only the reader uses it
}

const (
	readBuffer = 1 << 10 // bytes; MATCHED has about 500
	mostDials  = 256     // reconnects under way
	codeBroken = "connection_broken"
)

// connect connects a player and begins to listen.
func (s *overSockets) connect(ctx context.Context, p *player) error {
	if err := s.identify(ctx, p); err != nil {
		return err
	}
	conn, err := s.dial(ctx, p)
	if err != nil {
		return err
	}
	p.socket = &socket{conn: conn}
	s.listening.Go(func() { s.play(ctx, p) })
	if s.options.online {
		return p.socket.send("connection_queue", map[string]any{"userId": p.name}, "")
	}
	return nil
}

func (s *overSockets) dial(ctx context.Context, p *player) (*websocket.Conn, error) {
	dialer := websocket.Dialer{
		NetDialContext: s.dialSource, HandshakeTimeout: s.options.answerWithin,
		ReadBufferSize: readBuffer, WriteBufferPool: &s.buffers,
	}
	conn, response, err := dialer.DialContext(ctx, "ws"+strings.TrimPrefix(s.url, "http")+"/ws", s.header(p))
	if response != nil {
		defer response.Body.Close()
	}
	if errors.Is(err, websocket.ErrBadHandshake) {
		return nil, refusalOf(response)
	}
	return conn, err
}

// play listens until the run ends, and reconnects if that is wanted.
func (s *overSockets) play(ctx context.Context, p *player) {
	for {
		err := s.listen(ctx, p)
		if ctx.Err() != nil {
			return
		}
		// After these codes reconnecting does not help: the token is invalid, another connection took over.
		if !s.options.reconnect || websocket.IsCloseError(err, 4401, 4409) {
			s.fails(p, codeBroken, err.Error())
			return
		}
		s.disconnects(p)
		if !s.reconnect(ctx, p) {
			return
		}
	}
}

// listen handles messages until the connection breaks.
func (s *overSockets) listen(ctx context.Context, p *player) error {
	for {
		_, data, err := p.socket.conn.ReadMessage()
		if err != nil {
			return err
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			return fmt.Errorf("not a frame: %w", err)
		}
		if f.Seq != "" {
			p.socket.lastSeq = f.Seq
		}
		if err := s.hear(ctx, p, &f); err != nil {
			return err
		}
	}
}

// reconnect connects again, waiting longer after each failure, and asks for the player's state. It reports false if the
// run has ended.
func (s *overSockets) reconnect(ctx context.Context, p *player) bool {
	for wait := 50 * time.Millisecond; ; wait = min(2*wait, time.Second) {
		if pause(ctx, wait/2+rand.N(wait)) != nil { // so that players do not all come at once
			return false
		}
		s.dials <- struct{}{}
		conn, err := s.dial(ctx, p)
		<-s.dials
		if err != nil {
			continue // the tally bounds it
		}
		_ = p.socket.replace(conn).Close()
		if s.recover(p) == nil {
			return true
		}
	}
}

// recover has missed messages sent again, and asks for the state of the player's request. That comes before a request which
// is to be repeated: the player may have been matched, and would get a second ticket.
func (s *overSockets) recover(p *player) error {
	resume := map[string]any{"userId": p.name, "lastSeq": p.socket.lastSeq}
	if p.socket.lastSeq == "" {
		delete(resume, "lastSeq")
	}
	if err := p.socket.send("resume", resume, ""); err != nil {
		return err
	}
	return p.socket.send("get_state", map[string]any{"userId": p.name}, recovery)
}

// recovery is the id of the last message of recover: after an error it is to be repeated.
const recovery = "recovery"

// recoverLater repeats recover, soon.
func (s *overSockets) recoverLater(ctx context.Context, p *player) error {
	const wait = 500 * time.Millisecond
	if err := pause(ctx, wait/2+rand.N(wait)); err != nil {
		return err
	}
	return s.recover(p)
}

func (s *overSockets) request(p *player, id string) error {
	return p.socket.send("create_general_game_match", map[string]any{"userId": p.name, "questionaireId": p.queue}, id)
}

func (s *overSockets) ask(_ context.Context, p *player) {
	s.orFails(p, s.request(p, ""))
}

func (s *overSockets) withdraw(_ context.Context, p *player) {
	s.orFails(p, p.socket.send("cancel_request_general_match", map[string]any{"userId": p.name}, ""))
}

// orFails notes an error of sending. A player who reconnects sends again.
func (s *overSockets) orFails(p *player, err error) {
	if err != nil && !s.options.reconnect {
		s.fails(p, codeBroken, err.Error())
	}
}

// close closes all connections. The run has ended.
func (s *overSockets) close() {
	for _, p := range s.all {
		if p.socket != nil {
			_ = p.socket.replace(nil).Close()
		}
	}
	s.listening.Wait()
}

// replace replaces the connection and returns the old one.
func (k *socket) replace(conn *websocket.Conn) io.Closer {
	k.mu.Lock()
	defer k.mu.Unlock()
	old := k.conn
	if conn != nil {
		k.conn = conn
	}
	return old
}

// send sends an event. An error that it is answered with has its id; "" is none.
func (k *socket) send(event string, data map[string]any, id string) error {
	message := map[string]any{"event": event, "data": data}
	if id != "" {
		message["id"] = id
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.conn.WriteJSON(message)
}
