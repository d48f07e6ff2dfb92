package httpdoor

import (
	"context"
	"errors"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/ops/feed"
)

// dashboardEvents streams a snapshot of the dashboard, then its changes.
func (a *API) dashboardEvents(c echo.Context) error {
	leave, err := a.PollSlots.Take(c.RealIP())
	if err != nil {
		return err
	}
	defer leave()
	ctx, cancel, err := a.clientContext(c)
	if err != nil {
		return err
	}
	defer cancel()
	_, notOperator := a.operatorBy(c)
	ctx, forget := a.whileSession(ctx, c.Request(), notOperator == nil)
	defer forget()
	first, news, unwatch, err := a.Dashboard.Watch(ctx, notOperator == nil)
	switch {
	case errors.Is(err, feed.ErrStopped), errors.Is(err, context.Canceled):
		return wire.StoppingError()
	case err != nil:
		return err
	}
	defer unwatch()
	s := openStream(c)
	defer s.close()
	if isHEAD(c) {
		return nil
	}
	for err = s.write(first); err == nil; {
		select {
		case data, open := <-news:
			if !open {
				return nil // the page reconnects and starts again
			}
			err = s.write(data)
		case <-ctx.Done():
			return nil
		}
	}
	return nil
}
