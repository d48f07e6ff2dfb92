package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"strings"
	"sync"
	"time"
)

// overHTTP plays over HTTP: a request for a ticket, then a long poll or an event stream until its outcome.
type overHTTP struct {
	*tally
	*caller

	following sync.WaitGroup
}

// ticket is the part of the server's ticket that this program needs.
type ticket struct {
	ID         string    `json:"id"`
	State      string    `json:"state"`
	Reason     string    `json:"reason"`
	Version    int       `json:"version"`
	EnqueuedAt time.Time `json:"enqueued_at"`
	WaitedMs   int64     `json:"waited_ms"`
	Match      *struct {
		ID      string    `json:"id"`
		Queue   string    `json:"queue"`
		Room    string    `json:"room"`
		MadeAt  time.Time `json:"made_at"`
		Players []struct {
			Player any `json:"player"`
		} `json:"players"`
	} `json:"match"`
}

func (h *overHTTP) connect(ctx context.Context, p *player) error { return h.identify(ctx, p) }

func (h *overHTTP) ask(ctx context.Context, p *player) {
	h.following.Go(func() { h.play(ctx, p) })
}

// play asks for a ticket and follows it to its end.
func (h *overHTTP) play(ctx context.Context, p *player) {
	var t ticket
	began := time.Now()
	err := h.call(ctx, h.tickets, p, http.MethodPost, "/v1/queues/"+url.PathEscape(p.queue)+"/tickets", map[string]string{"player": p.name}, &t)
	if err == nil {
		h.clock.learn(t.EnqueuedAt, began, time.Now())
		h.isQueued(p, t.ID, -1)
		err = h.follow(ctx, p, &t)
	}
	switch {
	case ctx.Err() != nil:
	case err != nil:
		h.refused(p, err)
	case t.Match != nil:
		h.isMatched(p, toldBy(&t), time.Duration(t.WaitedMs)*time.Millisecond, h.clock.here(t.Match.MadeAt))
	default:
		h.hasEnded(p, outcome(t.State, t.Reason))
	}
}

func toldBy(t *ticket) told {
	m := told{id: t.Match.ID, room: t.Match.Room, queue: t.Match.Queue}
	for _, other := range t.Match.Players {
		m.players = append(m.players, fmt.Sprint(other.Player))
	}
	return m
}

func ended(t *ticket) bool { return t.State != "waiting" && t.State != "proposed" }

// follow waits until a ticket has ended.
func (h *overHTTP) follow(ctx context.Context, p *player, t *ticket) error {
	for !ended(t) {
		path := "/v1/tickets/" + url.PathEscape(t.ID)
		var err error
		if h.options.events {
			err = h.stream(ctx, p, path+"/events", t)
		} else {
			err = h.call(ctx, h.outcomes, p, http.MethodGet, path+fmt.Sprintf("?wait=25s&since=%d", t.Version), nil, t)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// stream follows a ticket by its event stream until it has ended or the stream breaks.
func (h *overHTTP) stream(ctx context.Context, p *player, path string, t *ticket) error {
	response, err := h.send(ctx, h.outcomes, p, http.MethodGet, path, nil)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	lines.Buffer(nil, 64<<10)
	for !ended(t) && lines.Scan() {
		if data, ok := strings.CutPrefix(lines.Text(), "data:"); ok {
			if err := json.Unmarshal([]byte(data), t); err != nil {
				return err
			}
		}
	}
	return lines.Err()
}

func (h *overHTTP) withdraw(ctx context.Context, p *player) {
	h.following.Go(func() {
		err := h.call(ctx, h.tickets, p, http.MethodDelete, "/v1/tickets/"+url.PathEscape(p.ticket), nil, nil)
		var refused *refusal
		if errors.As(err, &refused) && (refused.Code == "already_matched" || refused.Code == "expired") {
			return // the player who waits for the outcome is told
		}
		if err != nil && ctx.Err() == nil {
			h.refused(p, err)
		}
	})
}

// refused notes an error.
func (h *overHTTP) refused(p *player, err error) {
	if refused, ok := errors.AsType[*refusal](err); ok {
		h.fails(p, refused.Code, refused.Message)
		return
	}
	if os.IsTimeout(err) {
		h.fails(p, "timeout", err.Error())
		return
	}
	h.fails(p, codeBroken, err.Error())
}

func (h *overHTTP) close() { h.following.Wait() }
