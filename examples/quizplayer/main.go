// Quizplayer plays a quiz over a WebSocket by itself: it queues, answers each question with a guess, and reconnects when
// the connection breaks. Start two of them and they play against each other.
//
// usage: quizplayer [-server URL] [-quiz NAME] [-questions N] [-token T] player
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"time"

	"github.com/gorilla/websocket"
)

func main() {
	p := player{out: os.Stdout}
	flag.StringVar(&p.server, "server", "ws://127.0.0.1:4000/ws", "URL of the matchq server's WebSocket")
	flag.StringVar(&p.quiz, "quiz", "history", "the quiz to play")
	flag.IntVar(&p.questions, "questions", 3, "how many questions to play")
	flag.StringVar(&p.token, "token", "", "proof of the player's identity, for a server with --jwt-secret")
	flag.Parse()
	p.name = flag.Arg(0)
	if p.name == "" {
		fmt.Fprintln(os.Stderr, "quizplayer: name the player, e.g. quizplayer alice")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := p.play(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "quizplayer:", err)
		os.Exit(1)
	}
}

// player plays one game.
type player struct {
	server, quiz, name, token string
	questions                 int
	out                       io.Writer

	conn    *websocket.Conn
	lastSeq string // of the newest push seen: where to resume after a broken connection
	queued  bool   // the server has accepted our request to be matched
	room    string
}

// play connects, and reconnects when the connection breaks, until the game is over.
func (p *player) play(ctx context.Context) error {
	for wait := 100 * time.Millisecond; ; wait = min(2*wait, 2*time.Second) {
		err := p.connect(ctx)
		if err == nil {
			wait = 100 * time.Millisecond
			if err = p.listen(ctx); err == nil {
				return nil
			}
		}
		// Reconnecting would not help: the token is invalid, the player has connected again, or the game can't continue.
		var refused *refusal
		if websocket.IsCloseError(err, 4401, 4409) || errors.As(err, &refused) || ctx.Err() != nil {
			return err
		}
		fmt.Fprintln(p.out, "reconnecting:", err)
		select {
		case <-time.After(wait/2 + rand.N(wait)): // so that players do not all reconnect at once
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// connect connects and names the player. The first call also queues for the quiz; later ones resume.
func (p *player) connect(ctx context.Context) error {
	header := http.Header{}
	if p.token != "" {
		header.Set("Authorization", "Bearer "+p.token)
	}
	conn, response, err := websocket.DefaultDialer.DialContext(ctx, p.server, header)
	if response != nil {
		_ = response.Body.Close()
	}
	if err != nil {
		return err
	}
	p.conn = conn
	if p.queued {
		return p.send("resume", map[string]any{"userId": p.name, "lastSeq": p.lastSeq})
	}
	return p.send("create_general_game_match", map[string]any{"userId": p.name, "questionaireId": p.quiz})
}

func (p *player) send(event string, data map[string]any) error {
	return p.conn.WriteJSON(map[string]any{"event": event, "data": data})
}

// frame is a message of the server. The event determines the form of the data.
type frame struct {
	Event string          `json:"event"`
	Seq   string          `json:"seq"`
	Data  json.RawMessage `json:"data"`
}

// turn is a question to answer.
type turn struct {
	Index    int `json:"index"`
	Of       int `json:"of"`
	Question *struct {
		ID      any      `json:"id"`
		Text    string   `json:"text"`
		Choices []string `json:"choices"`
	} `json:"question"`
}

type score struct {
	ID    any `json:"id"`
	Score int `json:"score"`
}

// listen handles the server's events until the game is over. An error tells why the game can't continue.
func (p *player) listen(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() { _ = p.conn.Close() })
	defer stop()
	defer func() { _ = p.conn.Close() }()
	for {
		var f frame
		if err := p.conn.ReadJSON(&f); err != nil {
			return err
		}
		if f.Seq != "" {
			p.lastSeq = f.Seq
		}
		over, err := p.hear(&f)
		if over || err != nil {
			return err
		}
	}
}

// hear handles one event and reports whether the game is over.
func (p *player) hear(f *frame) (over bool, err error) {
	switch f.Event {
	case "match_status":
		return false, with(f, p.status)
	case "question_started":
		return false, with(f, p.answer)
	case "question_closed":
		return false, with(f, func(data *struct{ Scores []score }) error {
			fmt.Fprintf(p.out, "scores: %v\n", data.Scores)
			return nil
		})
	case "resumed":
		return false, with(f, func(data *struct{ Recovered bool }) error {
			if data.Recovered {
				return nil // the missed messages follow
			}
			return p.send("get_state", map[string]any{})
		})
	case "state":
		return false, with(f, func(data *struct{ Room turn }) error { return p.answer(&data.Room) })
	case "game_over":
		return true, with(f, func(data *struct {
			Results []score
			Reason  string
		}) error {
			fmt.Fprintf(p.out, "%s: %v\n", data.Reason, data.Results)
			return nil
		})
	case "error":
		return false, with(f, func(data *struct{ Code, Message string }) error {
			return &refusal{data.Code + ": " + data.Message}
		})
	}
	return false, nil
}

// with decodes the data of an event and passes it to a handler.
func with[T any](f *frame, act func(*T) error) error {
	data := new(T)
	if err := json.Unmarshal(f.Data, data); err != nil {
		return fmt.Errorf("%s: %w", f.Event, err)
	}
	return act(data)
}

// refusal is an error that the server has answered.
type refusal struct{ text string }

func (r *refusal) Error() string { return r.text }

// status handles a change of our ticket's state.
func (p *player) status(data *struct{ Status, Reason, RoomID string }) error {
	switch data.Status {
	case "PUSHED_TO_QUEUE", "DUPLICATED_USER_ID": // the latter after a reconnect before the first answer
		p.queued = true
		fmt.Fprintln(p.out, "waiting for an opponent")
		return nil
	case "MATCHED":
		p.queued, p.room = true, data.RoomID
		fmt.Fprintln(p.out, "matched")
		return p.send("start_game", map[string]any{"roomId": p.room, "limit": p.questions})
	default: // EXPIRED, CANCELLED
		return &refusal{"nobody to play with: " + data.Status + " " + data.Reason}
	}
}

// answer sends a guess.
func (p *player) answer(t *turn) error {
	if t.Question == nil || len(t.Question.Choices) == 0 {
		return nil
	}
	guess := rand.IntN(len(t.Question.Choices))
	fmt.Fprintf(p.out, "%d of %d: %s %s\n", t.Index+1, t.Of, t.Question.Text, t.Question.Choices[guess])
	return p.send("send_answer", map[string]any{"roomId": p.room, "questionItemId": t.Question.ID, "answer": guess})
}
