package main

import (
	"context"
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"time"

	"github.com/matchq/matchq/matchq"
)

// server answers requests to play.
type server struct{ m *matchq.Matcher }

func (s *server) routes() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /play", s.play)
	return mux
}

// answer is the response to a player.
type answer struct {
	Room     string `json:"room,omitempty"`
	Opponent string `json:"opponent,omitempty"`
	WaitedMS int64  `json:"waited_ms,omitempty"`
	Error    string `json:"error,omitempty"`
}

// play queues a player and answers when there is an opponent, or there can't be one.
func (s *server) play(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	// A client that hangs up right now is still queued, which takes a moment, and then leaves: that is clearer than a call
	// abandoned half-way.
	ticket, err := s.m.Enqueue(context.WithoutCancel(r.Context()), matchq.Request{Player: query.Get("player"), Queue: query.Get("quiz")})
	if err != nil {
		refuse(w, err)
		return
	}
	ended, err := s.m.Wait(r.Context(), ticket.ID)
	switch {
	case r.Context().Err() != nil && err != nil:
		s.leave(w, r, ticket.ID)
	case err != nil:
		refuse(w, err)
	case ended.State == matchq.Matched:
		reply(w, http.StatusOK, answer{
			Room: ended.Match.Room, Opponent: opponent(ended.Match, ended.Player), WaitedMS: ended.Waited.Milliseconds(),
		})
	default:
		reply(w, http.StatusGone, answer{Error: "nobody else wanted to play"})
	}
}

// leave cancels the ticket of a player who hung up, or because the server shuts down. If there is a match by now, its other
// player still gets it.
func (s *server) leave(w http.ResponseWriter, r *http.Request, ticketID string) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 2*time.Second)
	defer cancel()
	if err := s.m.Cancel(ctx, ticketID, ""); err != nil {
		refuse(w, err)
		return
	}
	reply(w, http.StatusServiceUnavailable, answer{Error: "you left the queue"})
}

func opponent(match *matchq.Match, player string) string {
	for _, other := range match.Players() {
		if other != player {
			return other
		}
	}
	return ""
}

// refuse answers a player with an error of matchq.
func refuse(w http.ResponseWriter, err error) {
	var (
		invalid   *matchq.InvalidError
		duplicate *matchq.DuplicateError
		matched   *matchq.MatchedError
	)
	switch {
	case errors.As(err, &invalid):
		reply(w, http.StatusUnprocessableEntity, answer{Error: invalid.Error()})
	case errors.As(err, &duplicate):
		reply(w, http.StatusConflict, answer{Error: "you already wait, for " + duplicate.Ticket.Queue})
	case errors.As(err, &matched):
		reply(w, http.StatusConflict, answer{Error: "you were matched just now", Room: matched.Match.Room})
	default:
		w.Header().Set("Retry-After", "1")
		reply(w, http.StatusServiceUnavailable, answer{Error: err.Error()})
	}
}

func reply(w http.ResponseWriter, status int, a answer) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	if err := json.NewEncoder(w).Encode(a); err != nil {
		log.Println("the player is gone:", err)
	}
}
