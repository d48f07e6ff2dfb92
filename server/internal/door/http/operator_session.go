package httpdoor

import (
	"context"
	"net/http"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/redisconn"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const lookEvery = time.Second // at the session of an answer that takes long

// signedSession returns the session of a request's cookie. It may have been closed.
func (a *API) signedSession(r *http.Request) (identity.Session, bool) {
	cookie, err := r.Cookie(sessionCookie)
	if err != nil {
		return identity.Session{}, false
	}
	return a.Guard.SessionOf(cookie.Value, time.Now())
}

// checkSession is an error unless a request has an open session. Without Redis nobody knows, so that is one too.
func (a *API) checkSession(ctx context.Context, r *http.Request) error {
	session, ok := a.signedSession(r)
	if ok {
		if err := a.fromOwnPage(r); err != nil {
			return err
		}
		closed, err := a.Logouts.Has(ctx, session)
		if err != nil {
			return err
		}
		ok = !closed
	}
	if !ok {
		return wire.Errorf(wire.CodeUnauthorized, "operators only: send the admin token as Authorization: Bearer, or open a session")
	}
	return nil
}

// fromOwnPage refuses an unsafe call of another site's page: it can make a browser send the cookie.
func (a *API) fromOwnPage(r *http.Request) error {
	if isSafe(r) || sameOrigin(r.Header.Get("Origin"), r.Host) {
		return nil
	}
	return wire.Errorf(wire.CodeForeignOrigin, "with a session the request must come from a page of this server")
}

// closeSession ends the session on all nodes and deletes the cookie. If Redis can't take that, the cookie stays, so that
// the call can be repeated.
func (a *API) closeSession(c echo.Context) error {
	if session, ok := a.signedSession(c.Request()); ok {
		if err := a.fromOwnPage(c.Request()); err != nil {
			return err
		}
		err := a.Logouts.Add(c.Request().Context(), session)
		c.Set(operatorKey, "session")
		c.Set(actorKey, "session")
		a.logAction(c, "close session", "", err)
		if err != nil {
			return err
		}
	}
	a.setSession(c, "", -1)
	return c.NoContent(http.StatusNoContent)
}

// whileSession is ctx, but ends when the request's session does. isOperator says whether the session counted: it also ends
// when one counts that could not be verified before. Then the client connects anew, and gets the parts that it may see.
func (a *API) whileSession(ctx context.Context, r *http.Request, isOperator bool) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancel(ctx)
	if _, ok := a.signedSession(r); ok && r.Header.Get("Authorization") == "" {
		go func() {
			defer cancel()
			for redisconn.Pause(ctx, lookEvery) == nil {
				if err := a.checkSession(ctx, r); (err == nil) != isOperator {
					return
				}
			}
		}()
	}
	return ctx, cancel
}
