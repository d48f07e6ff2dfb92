package browser_test

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/history"
	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/queuecache"
	"github.com/matchq/matchq/server/internal/ops/recorder"
)

var busyQueues = []string{"history", "science", "geography", "music", "korea", "film-quotes", "capitals", "chemistry", "friday-night"}

// The dashboard of a server that has been busy for more than an hour and still is, on a desk and on a phone. These are
// the pictures in the README.
func TestDashboardPictures(t *testing.T) {
	if os.Getenv("MATCHQ_SCREENSHOTS") == "" {
		t.Parallel() // pictures for the README must not show the load of other tests
	}
	env := matchqtest.Embedded(t)
	past := newPast(t, env)
	for past.now.Before(time.Now().Add(-time.Minute)) {
		past.minute()
	}
	past.end()
	s := serve(t, env, "--interval", "5s")
	for pair := range 6 {
		s.plays(fmt.Sprintf("player-%d", 2*pair))
		s.plays(fmt.Sprintf("player-%d", 2*pair+1))
	}

	p := s.newPage()
	p.viewport(1640, 1560, false)
	p.scheme("light")
	p.open("/dashboard")
	p.live()
	p.tile("games", "6")
	p.tile("sockets", "12")
	defer s.keepsBusy(past)()
	p.until(`document.querySelectorAll("#queue-table tbody tr").length > 6 && document.querySelectorAll("#match-table tbody tr").length > 10`)
	p.until(`document.querySelectorAll(".plot canvas").length === 4`)
	p.click(`.switch label:nth-of-type(2)`)
	p.until(`document.querySelector("[data-chart=wait] .plot").getAttribute("aria-label").includes("at most")`)
	p.drawn()
	p.noSidewaysScroll()
	eval[bool](p, `(scrollTo(0, 0), true)`)
	p.screenshot("dashboard-desktop-light")
	p.scheme("dark")
	p.drawn()
	p.screenshot("dashboard-desktop-dark")
	p.viewport(360, 1180, true)
	p.drawn()
	p.noSidewaysScroll()
	eval[bool](p, `(scrollTo(0, 0), true)`)
	p.screenshot("dashboard-phone")
}

// drawn waits until the charts are redrawn after a change of size or colours: one chart a frame.
func (p *page) drawn() {
	p.t.Helper()
	eval[bool](p, `new Promise((done) => { let frames = 12; const next = () => (--frames ? requestAnimationFrame(next) : done(true)); next(); })`)
}

// plays connects a player who plays a game with any opponent.
func (s *server) plays(player string) {
	s.t.Helper()
	conn, answer, err := websocket.DefaultDialer.DialContext(s.t.Context(), "ws"+strings.TrimPrefix(s.url, "http")+"/ws", nil)
	if err != nil {
		s.t.Fatal(err)
	}
	_ = answer.Body.Close()
	s.t.Cleanup(func() { _ = conn.Close() })
	send := func(event string, data map[string]any) {
		_ = conn.WriteJSON(map[string]any{"event": event, "data": data})
	}
	send("create_general_game_match", map[string]any{"userId": player, "questionaireId": "history"})
	go func() {
		var frame struct {
			Event string `json:"event"`
			Data  struct {
				Status string `json:"status"`
				RoomID string `json:"roomId"`
			} `json:"data"`
		}
		for conn.ReadJSON(&frame) == nil {
			if frame.Event == "match_status" && frame.Data.Status == "MATCHED" {
				send("request_question", map[string]any{"roomId": frame.Data.RoomID, "questionaireId": "history", "limit": 10})
			}
		}
	}()
}

// keepsBusy keeps queueing players until the function that it returns is called.
func (s *server) keepsBusy(past *past) func() {
	ctx, cancel := context.WithCancel(s.t.Context())
	done := make(chan struct{})
	m := past.Matcher
	go func() {
		defer close(done)
		next := time.NewTicker(300 * time.Millisecond)
		defer next.Stop()
		for {
			select {
			case <-next.C:
				if _, err := m.EnqueueAll(ctx, past.newcomers(14)); err != nil && ctx.Err() == nil {
					s.t.Errorf("joining: %v", err)
				}
			case <-ctx.Done():
				return
			}
		}
	}()
	return func() { cancel(); <-done }
}

// past simulates a server's activity in the past hour, on an embedded Redis whose clock it sets.
type past struct {
	*matchq.Matcher

	t        *testing.T
	env      *matchqtest.Env
	recorder *recorder.Recorder
	now      time.Time
	joined   int
	seen     int64 // number of tickets whose end the recorder knows
	position string
}

func newPast(t *testing.T, env *matchqtest.Env) *past {
	t.Helper()
	p := &past{t: t, env: env, now: time.Now().Add(-63 * time.Minute).Truncate(time.Minute)}
	env.Embedded.SetTime(p.now)
	log := slog.New(slog.DiscardHandler)
	var err error
	p.Matcher, err = matchq.New(env.Client, matchq.Config{
		Namespace: env.Namespace, Interval: 5 * time.Second, Logger: log, Timeout: patience,
		Hooks: matchq.Hooks{Ticked: func(r matchq.TickReport) { p.recorder.Ticked(r) }},
	})
	if err != nil {
		t.Fatal(err)
	}
	p.recorder = recorder.New(history.New(p.Matcher), queuecache.New(p.Matcher), "before", log)
	if p.position, err = p.Position(t.Context()); err != nil {
		t.Fatal(err)
	}
	return p
}

// newcomers returns requests of new players, more for some queues than for others.
func (p *past) newcomers(n int) []matchq.Request {
	requests := make([]matchq.Request, n)
	for i := range requests {
		p.joined++
		queue := busyQueues[(p.joined*p.joined+p.joined/7)%len(busyQueues)]
		requests[i] = matchq.Request{Queue: queue, Player: fmt.Sprintf("guest-%d", p.joined)}
	}
	return requests
}

// minute simulates a minute: players join, some leave again, and every five seconds the waiting ones are matched.
func (p *past) minute() {
	p.t.Helper()
	wave := 12 + 5*math.Sin(float64(p.now.Minute())/9)
	for window := range 12 {
		for part := range 4 {
			p.env.Embedded.SetTime(p.now.Add(time.Duration(part*1150+p.joined*37%1100) * time.Millisecond))
			results, err := p.EnqueueAll(p.t.Context(), p.newcomers(int(wave)+(window*part)%4))
			if err != nil {
				p.t.Fatal(err)
			}
			if part == 1 && window%3 == 0 {
				if err := p.Cancel(p.t.Context(), results[0].Ticket.ID, ""); err != nil {
					p.t.Fatal(err)
				}
			}
		}
		if window == 11 {
			p.note() // while most wait
		}
		p.now = p.now.Add(5 * time.Second)
		p.env.Embedded.SetTime(p.now.Add(-time.Millisecond))
		for _, queue := range busyQueues {
			if _, err := p.Tick(p.t.Context(), queue); err != nil {
				p.t.Fatal(err)
			}
		}
	}
	p.listen()
	p.note()
}

// end empties the queues of players from the past, and restores the real clock.
func (p *past) end() {
	p.t.Helper()
	for _, queue := range busyQueues {
		if _, err := p.Drain(p.t.Context(), queue); err != nil {
			p.t.Fatal(err)
		}
	}
	p.env.Embedded.SetTime(time.Time{})
}

// listen passes new events to the recorder.
func (p *past) listen() {
	p.t.Helper()
	stats, err := p.Stats(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	ended := stats.Matched + stats.Cancelled + stats.Expired
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	for event, err := range p.Watch(ctx, p.position) {
		if err != nil {
			p.t.Fatal(err)
		}
		p.recorder.Observe([]matchq.Event{event})
		p.position = event.ID
		if p.seen += int64(len(event.Tickets())); p.seen >= ended {
			return
		}
	}
}

func (p *past) note() {
	ctx, cancel := context.WithCancel(p.t.Context())
	cancel()
	p.recorder.Run(ctx) // it records once, as at its end
}
