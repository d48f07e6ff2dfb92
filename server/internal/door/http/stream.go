package httpdoor

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	heartbeatEvery = 15 * time.Second // between comments that keep an idle stream open in proxies
	streamTimeout  = 10 * time.Second // for a client to take an event
)

// ticketEvents streams the states of a ticket as server-sent events until it ends. An event's id is the ticket's
// version, so a client that reconnects gets only newer states. After the end 204 stops it from reconnecting.
func (a *API) ticketEvents(c echo.Context) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	known, err := lastEventID(c.Request())
	if err != nil {
		return err
	}
	leave, err := a.takeSlot(c)
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel, err := a.clientContext(c)
	if err != nil {
		return err
	}
	defer cancel()
	t, err := a.ticketFor(ctx, identityOf(c), id)
	if err != nil {
		return err
	}
	if t.State.Ended() && t.Version == known {
		return c.NoContent(http.StatusNoContent)
	}
	s := openStream(c)
	defer s.close()
	if isHEAD(c) {
		return nil
	}
	err = s.write(nil) // tells the client that it is connected
	for err == nil && ctx.Err() == nil {
		// An error ends the stream. The client reconnects and gets the error as an answer.
		known, err = a.streamNext(ctx, s, &t, known)
	}
	return nil
}

// streamNext reads the ticket anew, sends it if its version is not the known one, and then waits for an update. An error
// ends the stream.
func (a *API) streamNext(ctx context.Context, s *stream, t *matchq.Ticket, known int) (int, error) {
	news, forget := a.Watcher.Wait(t.ID) // before reading the ticket, so that no update is missed
	defer forget()
	now, err := a.orLost(ctx, *t)
	if err != nil {
		return known, err
	}
	*t = now
	if t.Version != known {
		a.Watcher.Told(t)
		if err := s.state(t); err != nil {
			return known, err
		}
	}
	if t.State.Ended() {
		return t.Version, errStreamEnds
	}
	idle := time.NewTicker(heartbeatEvery)
	defer idle.Stop()
	for {
		select {
		case <-news: // if it is that the ticket can't be read, that is looked at again too
			return t.Version, nil
		case <-idle.C:
			if err := s.write([]byte(": still here\n\n")); err != nil {
				return t.Version, err
			}
		case <-ctx.Done():
			return t.Version, ctx.Err()
		}
	}
}

var errStreamEnds = wire.Errorf(wire.CodeExpired, "the stream has ended")

// lastEventID returns the version of Last-Event-ID, 0 if there is none.
func lastEventID(r *http.Request) (int, error) {
	text := r.Header.Get("Last-Event-ID")
	if text == "" {
		return 0, nil
	}
	version, err := strconv.Atoi(text)
	if err != nil || version < 1 {
		return 0, wire.Errorf(wire.CodeInvalid, "Last-Event-ID must be the id of an event of this stream")
	}
	return version, nil
}

// stream sends server-sent events.
type stream struct {
	w    *echo.Response
	conn *http.ResponseController
}

func openStream(c echo.Context) *stream {
	s := &stream{c.Response(), http.NewResponseController(c.Response())}
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("X-Accel-Buffering", "no") // nginx would buffer events
	s.w.WriteHeader(http.StatusOK)
	return s
}

// state sends a ticket.
func (s *stream) state(t *matchq.Ticket) error {
	data, err := json.Marshal(viewTicket(t))
	if err != nil {
		return err
	}
	return s.write(fmt.Appendf(nil, "id: %d\nevent: state\ndata: %s\n\n", t.Version, data))
}

// write sends text at once. It fails if the client does not take it in time.
func (s *stream) write(text []byte) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(streamTimeout)) // some tests can't set it, and need not
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	return s.conn.Flush()
}

// close gives the end of the stream its own time.
func (s *stream) close() { _ = s.conn.SetWriteDeadline(time.Now().Add(streamTimeout)) }
