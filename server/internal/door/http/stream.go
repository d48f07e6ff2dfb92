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
	heartbeatEvery = 15 * time.Second // between comments, so that proxies keep an idle stream open
	streamTimeout  = 10 * time.Second // for a client to take what it is sent
)

// ticketEvents streams the states of a ticket as server-sent events until it has ended. The id of an event is the
// ticket's version, so a client that comes back gets what it does not know yet; after the end that is nothing, and 204
// keeps it from coming back.
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
	ctx, cancel := a.clientContext(c)
	defer cancel()
	t, err := a.ticketFor(ctx, identityOf(c), id)
	if err != nil {
		return err
	}
	if isFinal(t.State) && t.Version == known {
		return c.NoContent(http.StatusNoContent)
	}
	s := openStream(c)
	defer s.close()
	err = s.write(nil) // the client hears that it is connected, even if there is nothing to tell
	for err == nil && ctx.Err() == nil {
		// What can't be told any more ends the stream: the client comes back and gets the answer that says why.
		known, err = a.streamNext(ctx, s, id, known)
	}
	return nil
}

// streamNext sends a ticket if its version is another than the one known, and waits for news if it has not ended. The
// error ends the stream.
func (a *API) streamNext(ctx context.Context, s *stream, id string, known int) (int, error) {
	news, forget := a.Watcher.Wait(id) // before looking, so that nothing happens in between
	defer forget()
	t, err := a.Matcher.Ticket(ctx, id)
	if err != nil {
		return known, err
	}
	if t.Version != known {
		if err := s.state(&t); err != nil {
			return known, err
		}
	}
	if isFinal(t.State) {
		return t.Version, errStreamEnds
	}
	idle := time.NewTicker(heartbeatEvery)
	defer idle.Stop()
	for {
		select {
		case n := <-news:
			return t.Version, n.Err
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

// lastEventID is the version that a client knows, 0 if it says none.
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
	h.Set("X-Accel-Buffering", "no") // nginx would keep events until it has many
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

// write sends text at once, and fails if the client does not take it in time.
func (s *stream) write(text []byte) error {
	_ = s.conn.SetWriteDeadline(time.Now().Add(streamTimeout)) // what can't be set, as in some tests, does not matter
	if _, err := s.w.Write(text); err != nil {
		return err
	}
	return s.conn.Flush()
}

// close leaves the connection for the client's next request.
func (s *stream) close() { _ = s.conn.SetWriteDeadline(time.Time{}) }
