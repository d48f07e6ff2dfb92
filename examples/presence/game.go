package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/olahol/melody"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/presence"
)

// game has the connections of this process.
type game struct {
	m      *matchq.Matcher
	p      *presence.Presence
	node   *presence.Node
	melody *melody.Melody
	made   atomic.Int64

	mu       sync.Mutex
	sessions map[string]*melody.Session // by connection
}

func newGame(m *matchq.Matcher, p *presence.Presence) *game {
	g := &game{m: m, p: p, melody: melody.New(), sessions: map[string]*melody.Session{}}
	g.melody.Upgrader.CheckOrigin = nil // as gorilla has it: pages of other hosts are refused; melody lets all in
	g.melody.HandleConnect(g.connected)
	g.melody.HandleDisconnect(g.disconnected)
	g.melody.HandleMessage(g.heard)
	return g
}

func (g *game) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /play", func(w http.ResponseWriter, r *http.Request) {
		// A real game takes the player from its login.
		one := link{r.FormValue("player"), fmt.Sprintf("%s-%d", g.node.ID(), g.made.Add(1)), context.WithoutCancel(r.Context())}
		if err := g.melody.HandleRequestWithKeys(w, r, map[string]any{"link": one}); err != nil {
			slog.Debug("not a WebSocket", "error", err)
		}
	})
	return mux
}

// connected books the player here. A client that comes back says which message it had last, and gets those since.
func (g *game) connected(s *melody.Session) {
	l := linkOf(s)
	g.hold(l.conn, s) // before Connect, after which messages come
	if _, err := g.node.Connect(l.ctx, l.player, l.conn, ""); err != nil {
		_ = s.CloseWithMsg(melody.FormatCloseMessage(1013, err.Error()))
		return
	}
	if after := s.Request.FormValue("after"); after != "" {
		missed, _, _ := g.p.Mailbox(l.ctx, l.player, after) // if it fails the client can come once more
		for _, msg := range missed {
			msg.Conn = l.conn
			g.tell(msg) // one that comes live too has the same seq
		}
	}
}

func (g *game) disconnected(s *melody.Session) {
	l := linkOf(s)
	g.hold(l.conn, nil)
	_ = g.node.Disconnect(l.ctx, l.player, l.conn) // if it fails Run tells Redis later
}

// heard queues the player at any message.
func (g *game) heard(s *melody.Session, _ []byte) {
	l := linkOf(s)
	_, err := g.m.Enqueue(l.ctx, matchq.Request{Queue: "duel", Player: l.player, WhileOnline: true})
	answer := presence.Message{Conn: l.conn, Event: "waiting"}
	if _, waits := errors.AsType[*matchq.DuplicateError](err); err != nil && !waits {
		answer.Event = "refused"
	}
	g.tell(answer)
}

// matched tells the players of a match, on any process. It may come again: a message with a known key is dropped.
func (g *game) matched(ctx context.Context, event matchq.Event) error {
	about := map[string]any{"room": event.Match.Room, "players": event.Match.Players()}
	return g.sendAll(ctx, event.Match.Players(), "matched", event.ID, about)
}

// gone is called on some process when a player did not come back, or their process was killed. The ticket of one who waited
// is cancelled by itself; the opponent of one who played is told here.
func (g *game) gone(ctx context.Context, player string) error {
	t, err := g.m.TicketOf(ctx, player)
	if errors.Is(err, matchq.ErrNotFound) || err == nil && t.State != matchq.Matched {
		return nil
	}
	if err != nil {
		return err // it is called again
	}
	return g.sendAll(ctx, t.Match.Players(), "gone", "gone-"+t.ID, map[string]string{"player": player})
}

func (g *game) sendAll(ctx context.Context, players []string, event, key string, about any) error {
	data, err := json.Marshal(about)
	var all []presence.Message
	for _, player := range players {
		all = append(all, presence.Message{Player: player, Event: event, DedupKey: key, Data: data})
	}
	return errors.Join(err, g.p.Send(ctx, all...))
}
