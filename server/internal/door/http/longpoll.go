package httpdoor

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/watch"
)

// maxWait is the longest wait of a request, below the usual limits of proxies.
const maxWait = 55 * time.Second

// getTicket answers with a ticket, at once or after a change.
func (a *API) getTicket(c echo.Context) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	wait, since, err := waitFor(c)
	if err != nil {
		return err
	}
	if isHEAD(c) {
		wait = 0
	}
	if wait > 0 {
		leave, err := a.takeSlot(c)
		if err != nil {
			return err
		}
		defer leave()
	}
	ctx, cancel, err := a.clientContext(c)
	if err != nil {
		return err
	}
	defer cancel()
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	news, forget := a.Watcher.Wait(id) // before reading the ticket, so that no update is missed
	defer forget()
	t, err := a.ticketFor(c.Request().Context(), identityOf(c), id)
	if err != nil {
		return err
	}
	if wait == 0 || t.State.Ended() || since != 0 && t.Version != since {
		a.Watcher.Told(&t)
		return c.JSON(http.StatusOK, viewTicket(&t))
	}
	looked := time.Now()
	for {
		select {
		case n := <-news:
			if n.Err != nil {
				n.Ticket, n.Err = a.orLost(ctx, t)
			}
			if n.Err != nil {
				return n.Err
			}
			if n.Ticket.Version <= t.Version {
				continue // older than the ticket that was read
			}
			t = n.Ticket
		case <-timeout.C:
			t.Waited += time.Since(looked)
		case <-ctx.Done():
			t.Waited += time.Since(looked)
		}
		a.Watcher.Told(&t)
		return c.JSON(http.StatusOK, viewTicket(&t))
	}
}

// orLost reads a ticket again that was there before. If Redis no longer has it, it returns it as lost.
func (a *API) orLost(ctx context.Context, known matchq.Ticket) (matchq.Ticket, error) {
	t, err := redisconn.Retry(ctx, func() (matchq.Ticket, error) { return a.Matcher.Ticket(ctx, known.ID) })
	if errors.Is(err, matchq.ErrNotFound) {
		return watch.Lost(known), nil
	}
	return t, err
}

// takeSlot takes a slot for a waiting request. leave gives it back.
func (a *API) takeSlot(c echo.Context) (leave func(), err error) {
	if identityOf(c).Trusted {
		return func() {}, nil
	}
	return a.PollSlots.Take(c.RealIP())
}

// clientContext ends when the client goes, its proof ends, or the server stops. It takes the request's body, since an
// unread one hides that the client has gone.
func (a *API) clientContext(c echo.Context) (context.Context, context.CancelFunc, error) {
	if _, err := receive(c, maxBody); err != nil {
		return nil, nil, err
	}
	ctx, expired := whileThere(c), func() {}
	if expires := identityOf(c).Expires; !expires.IsZero() {
		ctx, expired = context.WithDeadline(ctx, expires)
	}
	ctx, cancel := context.WithCancel(ctx)
	forgetStop := context.AfterFunc(a.stop, cancel)
	return ctx, func() {
		forgetStop()
		cancel()
		expired()
	}, nil
}

// waitFor returns how long to wait, and the version to differ from; 0 for the current one.
func waitFor(c echo.Context) (wait time.Duration, since int, err error) {
	if text := c.QueryParam("wait"); text != "" {
		wait, err = time.ParseDuration(text)
		if err != nil || wait < 0 || wait > maxWait {
			return 0, 0, wire.Errorf(wire.CodeInvalid, "wait must be a duration up to %v, such as 25s", maxWait)
		}
	}
	if text := c.QueryParam("since"); text != "" {
		since, err = strconv.Atoi(text)
		if err != nil || since < 1 {
			return 0, 0, wire.Errorf(wire.CodeInvalid, "since must be the version of a ticket, 1 or more")
		}
	}
	return wait, since, nil
}
