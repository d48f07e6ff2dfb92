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

func routes(l *lobby) http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /play", l.play)
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
func (l *lobby) play(w http.ResponseWriter, r *http.Request) {
	query := r.URL.Query()
	request := matchq.Request{Player: query.Get("player"), Queue: query.Get("quiz")}
	ticket, waiter, err := l.join(r.Context(), request)
	if err != nil {
		refuse(w, err)
		return
	}
	defer l.leave(ticket.ID)
	select {
	case event := <-waiter:
		if event.Kind != matchq.Matched {
			reply(w, http.StatusGone, answer{Error: "nobody else wanted to play"})
			return
		}
		for _, t := range event.Match.Tickets {
			if t.ID == ticket.ID {
				reply(w, http.StatusOK, answer{
					Room: event.Match.Room, Opponent: opponent(event.Match, t.Player), WaitedMS: t.Waited.Milliseconds(),
				})
			}
		}
	case <-r.Context().Done():
		// The player hung up, or the server shuts down. If there is a match by now, its other player still gets it.
		ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), 2*time.Second)
		defer cancel()
		if err := l.m.Cancel(ctx, ticket.ID, ""); err != nil {
			refuse(w, err)
			return
		}
		reply(w, http.StatusServiceUnavailable, answer{Error: "you left the queue"})
	}
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
