package processes_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

// visitor is a player of a crowd with a plain WebSocket, who comes back at once when a connection breaks.
type visitor struct {
	c       *crowd
	name    string
	resumes bool // asks for missed messages
	conn    *websocket.Conn
	frames  chan frame
	seq     string   // of the newest push
	matchID string   // of the last match that the visitor was told of
	diary   []string // the newest messages, for violations
}

// sound is a message that a visitor hears.
type sound int

const (
	message sound = iota
	broken        // the connection has ended, and the visitor has another one
	nothing       // it took too long, or the test is over
)

// enter connects to some node, for as long as it takes.
func (v *visitor) enter() bool {
	for v.c.going() {
		conn, err := connect(v.c.fleet.url())
		if err == nil {
			v.conn, v.frames = conn, make(chan frame, 1000)
			go read(conn, v.frames)
			v.notef("on %s", conn.RemoteAddr())
			return true
		}
		v.c.pause()
	}
	return false
}

// read receives until the connection ends.
func read(conn *websocket.Conn, frames chan<- frame) {
	defer close(frames)
	for {
		var f frame
		if err := conn.ReadJSON(&f); err != nil {
			return
		}
		frames <- f
	}
}

func (v *visitor) leave() {
	if v.conn != nil {
		_ = v.conn.Close()
		v.conn = nil
	}
}

// send sends an event with the player's name. A connection that is broken is noticed by hear.
func (v *visitor) send(event string, data map[string]any) {
	if data == nil {
		data = map[string]any{}
	}
	data["userId"] = v.name
	text, err := json.Marshal(map[string]any{"event": event, "data": data, "id": event})
	if err != nil {
		v.c.t.Error(err)
	}
	v.notef("> %s", text)
	_ = v.conn.WriteMessage(websocket.TextMessage, text)
}

// notef writes something into the diary.
func (v *visitor) notef(format string, args ...any) {
	line := fmt.Sprintf(time.Now().Format("15:04:05.000 ")+format, args...)
	v.diary = append(v.diary[max(0, len(v.diary)-30):], line[:min(len(line), 600)])
}

// hear waits for the next message.
func (v *visitor) hear(w *wait) (frame, sound) {
	return v.hearIn(func() *wait { return w })
}

// hearIn is hear for a wait that may begin meanwhile.
func (v *visitor) hearIn(current func() *wait) (frame, sound) {
	overdue := time.NewTicker(100 * time.Millisecond)
	defer overdue.Stop()
	for {
		if w := current(); w != nil && w.silent() {
			v.c.wrongf("silence for %s: %s\n\t%s", bound, w.what, strings.Join(v.diary, "\n\t"))
			v.leave()
			return frame{}, nothing
		}
		select {
		case f, ok := <-v.frames:
			if f.Seq != "" {
				v.seq = f.Seq
			}
			switch {
			case ok && f.Event == "error" && f.ID == "connection_queue": // the node does not know the player yet
				v.c.pause()
				v.send("connection_queue", nil)
				return v.hearIn(current)
			case ok:
				v.notef("< %s %s %+v %+v", f.Event, f.Seq, f.Data, f.Data.Room)
				return f, message
			case v.enter():
				return f, broken
			}
			return f, nothing
		case <-v.c.ctx.Done():
			return frame{}, nothing
		case <-overdue.C:
		}
	}
}

// queues has a player queue for one match after another; every so often the player cancels.
func (v *visitor) queues(queue string, cancels bool) {
	defer v.leave()
	for n := 0; v.c.going(); n++ {
		v.c.pause()
		if v.conn != nil || v.enter() {
			(&request{visitor: v, queue: queue, cancels: cancels && n%2 == 0}).wait()
		}
	}
}

// request is a visitor's wait for a match.
type request struct {
	*visitor
	queue, ticket string
	cancels       bool
	broke         bool // something has, so that news may be of an earlier ticket
}

func (r *request) create() {
	r.send("create_general_game_match", map[string]any{"questionaireId": r.queue})
}

func (r *request) wait() {
	w := r.c.wait(r.name + " queues")
	defer w.end()
	r.create()
	for {
		f, sound := r.hear(w)
		switch {
		case sound == nothing:
			return
		case sound == broken:
			r.comeBack()
		case f.Event == "error":
			r.c.tell("error " + f.Data.Code)
			r.broke = true
			r.c.pause()
			r.create()
		case f.Event == "resumed" && !f.Data.Recovered:
			r.create()
		case f.Event == "cancel_request_general_match_status" && f.Data.Status == "CANCEL_REQUEST_COMPLETE":
			r.c.ended(r.ticket, "cancelled")
			return
		case f.Event == "match_status" && r.over(f):
			return
		}
	}
}

// comeBack has a client speak on a new connection. Without resume it asks again, and hears of the ticket so.
func (r *request) comeBack() {
	r.broke = true
	if r.resumes && r.seq != "" && r.ticket != "" && !r.cancels {
		r.send("resume", map[string]any{"lastSeq": r.seq})
		return
	}
	r.create()
}

// over notes the state of a ticket, and says whether it is the end of it.
func (r *request) over(f frame) bool {
	d := &f.Data
	switch d.Status {
	case "PUSHED_TO_QUEUE", "DUPLICATED_USER_ID":
		r.ticket = d.TicketID
		if d.Status != "PUSHED_TO_QUEUE" {
			r.c.waitsAgain(r.ticket)
			r.matchID = "" // it may be told again
		}
		if r.cancels {
			r.send("cancel_request_general_match", nil)
		}
		return false
	case "MATCHED":
		if d.MatchID == r.matchID { // told again: by a push, or instead of an answer
			if f.Seq == "" {
				r.create()
			}
			return false
		}
		r.matchID = d.MatchID
		one, _ := d.User1.ID.(string)
		two, _ := d.User2.ID.(string)
		r.c.tell("matched")
		if !r.broke {
			r.c.ended(r.ticket, "match "+d.MatchID)
		}
		r.c.matched(d.MatchID, r.name, one, two)
		return true
	case "CANCELLED":
		if d.TicketID != r.ticket {
			return false // an earlier one
		}
		r.c.cancelled(r.name, d.TicketID, d.Reason)
		return true
	case "EXPIRED":
		r.c.expired(r.name)
		return d.TicketID == r.ticket
	}
	return false
}
