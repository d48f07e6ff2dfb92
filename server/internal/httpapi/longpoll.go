package httpapi

import (
	"net/http"
	"strconv"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/fault"
)

// longestWait is how long a request may wait: less than what proxies commonly allow.
const longestWait = 55 * time.Second

// getTicket answers with a ticket, at once or when it has changed.
func (a *API) getTicket(c echo.Context) error {
	id, err := param(c, "id")
	if err != nil {
		return err
	}
	wait, since, err := waitFor(c)
	if err != nil {
		return err
	}
	ctx := c.Request().Context()
	news, forget := a.Waiters.Wait(id) // before looking, so that nothing happens in between
	defer forget()
	t, err := a.Matcher.Ticket(ctx, id)
	if err != nil {
		return err
	}
	if lives := t.State == matchq.Waiting || t.State == matchq.Proposed; wait == 0 || !lives || since != 0 && t.Version != since {
		return c.JSON(http.StatusOK, viewTicket(&t))
	}
	looked := time.Now()
	timeout := time.NewTimer(wait)
	defer timeout.Stop()
	for {
		select {
		case n := <-news:
			if n.Err != nil {
				return n.Err
			}
			if n.Ticket.Version <= t.Version {
				continue // from before we looked
			}
			t = n.Ticket
		case <-timeout.C:
			t.Waited += time.Since(looked)
		case <-a.stop.Done():
			t.Waited += time.Since(looked)
		case <-ctx.Done():
			return nil // the client has gone
		}
		return c.JSON(http.StatusOK, viewTicket(&t))
	}
}

// waitFor reads how long to wait for another version than which; 0 for whatever it is now.
func waitFor(c echo.Context) (wait time.Duration, since int, err error) {
	if text := c.QueryParam("wait"); text != "" {
		wait, err = time.ParseDuration(text)
		if err != nil || wait < 0 || wait > longestWait {
			return 0, 0, fault.New(fault.Invalid, "wait must be a duration up to %v, such as 25s", longestWait)
		}
	}
	if text := c.QueryParam("since"); text != "" {
		since, err = strconv.Atoi(text)
		if err != nil || since < 1 {
			return 0, 0, fault.New(fault.Invalid, "since must be the version of a ticket, 1 or more")
		}
	}
	return wait, since, nil
}
