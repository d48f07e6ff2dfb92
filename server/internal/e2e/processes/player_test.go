package processes_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// patience is the time-out of expected events.
const patience = matchqtest.Patience

// player is a client with a plain WebSocket.
type player struct {
	t      *testing.T
	id     string // as JSON
	conn   *websocket.Conn
	frames chan frame
	seq    string // of the newest push seen
}

// frame is a message of a server.
type frame struct {
	Event, Seq string
	ID         string // of an answer: the event that was sent, if that is how the client names its requests
	Data       struct {
		RoomID, Reason, Status, TicketID, MatchID, Code string

		Recovered    bool
		Index, Of    int
		Question     json.RawMessage // an object, but in MATCHED a list
		Questions    []json.RawMessage
		Scores       []score
		Results      []score
		User1, User2 struct{ ID any }
		Invitations  []struct{ RoomID string }
		Room         *struct {
			RoomID, Mode string
			Index, Of    int
			Question     json.RawMessage
		}
	}
}

// idOf returns the id of a question, as JSON.
func idOf(t *testing.T, question json.RawMessage) json.RawMessage {
	t.Helper()
	var q struct{ ID json.RawMessage }
	if err := json.Unmarshal(question, &q); err != nil {
		t.Fatalf("%s is no question: %v", question, err)
	}
	return q.ID
}

// score is a player's score in question_closed and game_over.
type score struct {
	ID                       any
	Score, Correct, Answered int
}

// dial connects a player, whose connection is closed with the test.
func (p *process) dial(id string) *player {
	p.t.Helper()
	conn, err := connect(p.url)
	if err != nil {
		p.t.Fatal(err)
	}
	c := &player{t: p.t, id: id, conn: conn, frames: make(chan frame, 1000)}
	read := make(chan struct{})
	go func() {
		defer close(read)
		c.read()
	}()
	p.t.Cleanup(func() {
		_ = conn.Close()
		<-read
	})
	return c
}

// connect opens a WebSocket to a server.
func connect(url string) (*websocket.Conn, error) {
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http")+"/ws", nil)
	if err == nil {
		_ = answer.Body.Close()
	}
	return conn, err
}

// read receives until the connection ends.
func (c *player) read() {
	defer close(c.frames)
	for {
		_, data, err := c.conn.ReadMessage()
		if err != nil {
			return
		}
		var f frame
		if err := json.Unmarshal(data, &f); err != nil {
			c.t.Errorf("%s was sent %s", c.id, data)
		}
		c.frames <- f
	}
}

// send sends an event; members are the members of its data, besides the player.
func (c *player) send(event, members string) {
	c.t.Helper()
	if members != "" {
		members = "," + members
	}
	text := `{"event":"` + event + `","data":{"userId":` + c.id + members + `}}`
	if err := c.conn.WriteMessage(websocket.TextMessage, []byte(text)); err != nil {
		c.t.Fatal(err)
	}
}

// hears waits for an event. Others may come before it, but no error and no end of a game.
func (c *player) hears(event string) frame {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case f, ok := <-c.frames:
			if !ok {
				c.t.Fatalf("%s lost the connection, and wants %s", c.id, event)
			}
			if f.Seq != "" {
				c.seq = f.Seq
			}
			if f.Event == event {
				return f
			}
			if f.Event == "error" || f.Event == "game_over" {
				c.t.Fatalf("%s hears %+v, and wants %s", c.id, f, event)
			}
		case <-deadline:
			c.t.Fatalf("%s does not hear %s", c.id, event)
		}
	}
}

// lost waits until the connection has ended.
func (c *player) lost() {
	c.t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case f, ok := <-c.frames:
			if !ok {
				return
			}
			if f.Seq != "" {
				c.seq = f.Seq
			}
		case <-deadline:
			c.t.Fatalf("%s keeps the connection", c.id)
		}
	}
}
