package processes_test

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/matchq/matchq/matchq"
)

// caller is a player of a crowd who queues by HTTP, and follows the ticket by long polls or by an event stream.
type caller struct {
	c       *crowd
	name    string
	client  *http.Client
	streams bool
}

// view is a ticket, or an error.
type view struct {
	ID, State, Reason, Code string

	Version int
	Match   *struct {
		ID      string
		Players []struct{ Player any }
	}
	Ticket *view
}

// call makes a request to some node. status is 0 if there was no answer.
func (p *caller) call(method, path, body, key string) (v view, status int) {
	r, err := http.NewRequestWithContext(p.c.ctx, method, p.c.fleet.url()+path, strings.NewReader(body))
	if err != nil {
		return v, 0 // there is no node
	}
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Idempotency-Key", key)
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return v, 0
	}
	defer func() { _ = answer.Body.Close() }()
	if err := json.NewDecoder(answer.Body).Decode(&v); err != nil {
		return v, 0 // the node was killed in mid-answer
	}
	return v, answer.StatusCode
}

// queues has a player queue for one match after another.
func (p *caller) queues(queue string) {
	for n := 0; p.c.going(); n++ {
		p.c.pause()
		p.seek(queue, fmt.Sprint(p.name, "-", n))
	}
}

func (p *caller) seek(queue, key string) {
	w := p.c.wait(p.name + " queues by HTTP")
	defer w.end()
	ticket := p.post(w, queue, key)
	for ticket != "" && p.c.going() {
		if p.streams {
			if p.stream(ticket) {
				return
			}
		} else if v, status := p.call(http.MethodGet, "/v1/tickets/"+ticket+"?wait=2s", "", ""); p.over(ticket, v, status) {
			return
		}
		if w.silent() {
			p.c.wrongf("silence for %s: %s as %s", bound, w.what, ticket)
			return
		}
		p.c.pause()
	}
}

// post queues the player, and returns the ticket's id.
func (p *caller) post(w *wait, queue, key string) string {
	for p.c.going() {
		v, status := p.call(http.MethodPost, "/v1/queues/"+queue+"/tickets", `{"player":"`+p.name+`"}`, key)
		switch {
		case status == http.StatusCreated:
			return v.ID
		case status == http.StatusConflict && v.Ticket != nil: // Redis has forgotten the key, but not an earlier ticket
			return v.Ticket.ID
		case status != 0:
			p.c.tell(fmt.Sprint("answer ", status, " ", v.Code))
		}
		if w.silent() {
			p.c.wrongf("for %s: %s, answered %d %s", bound, w.what, status, v.Code)
			return ""
		}
		p.c.pause()
	}
	return ""
}

// over says whether a ticket has ended, and checks how.
func (p *caller) over(ticket string, v view, status int) bool {
	switch {
	case status == http.StatusNotFound:
		p.c.tell("answer 404")
		p.c.lost(p.name+"'s ticket, by 404", ticket)
		return true
	case status != http.StatusOK:
		return false
	}
	switch v.State {
	case string(matchq.Matched):
		p.c.tell("matched by HTTP")
		var players []string
		for _, m := range v.Match.Players {
			players = append(players, fmt.Sprint(m.Player))
		}
		p.c.matched(v.Match.ID, p.name, players...)
		p.c.ended(ticket, "match "+v.Match.ID)
	case string(matchq.Cancelled):
		p.c.cancelled(p.name, ticket, v.Reason)
	case string(matchq.Expired):
		p.c.expired(p.name)
	default:
		return false
	}
	return true
}

// stream follows a ticket until it ends, or the connection does.
func (p *caller) stream(ticket string) bool {
	r, err := http.NewRequestWithContext(p.c.ctx, http.MethodGet, p.c.fleet.url()+"/v1/tickets/"+ticket+"/events", nil)
	if err != nil {
		return false
	}
	answer, err := p.client.Do(r)
	if err != nil {
		return false
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return p.over(ticket, view{}, answer.StatusCode)
	}
	lines := bufio.NewScanner(answer.Body)
	for lines.Scan() {
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		var v view
		if ok && json.Unmarshal([]byte(data), &v) == nil && p.over(ticket, v, http.StatusOK) {
			return true
		}
	}
	if lines.Err() == nil && p.c.going() {
		p.c.wrongf("the stream of %s ended without a last event", ticket)
	}
	return false
}
