package httpdoor

import (
	"net"
	"net/http"
	"net/netip"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	sessionCookie = "matchq_operator"
	operatorKey   = "by"
)

// operator lets operators in: with the token, or with the cookie that a browser got for it. Without a token whoever is
// on this machine is one.
func (a *API) operator(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		by, err := a.operatorBy(c)
		if err != nil {
			return err
		}
		c.Set(operatorKey, by)
		return next(c)
	}
}

// operatorBy says by what somebody is an operator.
func (a *API) operatorBy(c echo.Context) (by string, err error) {
	r := c.Request()
	if !a.Guard.HasAdmin() {
		return "loopback", a.openToOperators(r)
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return "token", a.checkAdmin(c, strings.TrimSpace(token))
	}
	cookie, err := r.Cookie(sessionCookie)
	if err != nil || !a.Guard.IsSession(cookie.Value, time.Now()) {
		return "", wire.Errorf(wire.CodeUnauthorized, "this is for operators: send the admin token as Authorization: Bearer, or open a session")
	}
	// A browser sends the cookie whoever asks it to, so what changes something must come from our own page.
	if origin := r.Header.Get("Origin"); !isSafe(r) && !sameOrigin(origin, r.Host) {
		return "", wire.Errorf(wire.CodeForeignOrigin, "with a session this must come from a page of this server")
	}
	return "session", nil
}

// openToOperators says whether a request comes from this machine itself. One that a proxy passed on may come from
// anywhere.
func (a *API) openToOperators(r *http.Request) error {
	forwarded := r.Header.Get("X-Forwarded-For") != "" || r.Header.Get("Forwarded") != ""
	// A page of another site can have the visitor's browser ask, though not read what it gets.
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	foreign := (site == "cross-site" || site == "same-site" || origin != "" && !sameOrigin(origin, r.Host)) && !a.origins[strings.ToLower(origin)]
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if !foreign && a.LoopbackOnly && !forwarded && err == nil && peer.Addr().Unmap().IsLoopback() {
		return nil
	}
	return wire.Errorf(wire.CodeForbidden, "this is for operators, and the server was started without --admin-token")
}

// checkAdmin compares a token with the operators'.
func (a *API) checkAdmin(c echo.Context, token string) error {
	if a.Guard.IsAdmin(token) {
		return nil
	}
	address := c.RealIP()
	if err := a.wrongTokens.Add(address); err != nil {
		return err
	}
	a.Log.Warn("somebody presented a wrong admin token", "address", address)
	return wire.Errorf(wire.CodeUnauthorized, "the admin token is wrong")
}

// logAction logs what an operator does.
func (a *API) logAction(c echo.Context, action, queue string, err error) {
	a.Log.Info("an operator acted", "action", action, "queue", queue, "address", c.RealIP(), "by", c.Get(operatorKey), "error", err)
}

// openSession gives a browser a cookie for the admin token.
func (a *API) openSession(c echo.Context) error {
	r := c.Request()
	if origin := r.Header.Get("Origin"); origin != "" && !sameOrigin(origin, r.Host) {
		return wire.Errorf(wire.CodeForeignOrigin, "a session is opened by a page of this server")
	}
	var body struct {
		Token string `json:"token"`
	}
	if err := readBody(c, maxBody, &body); err != nil {
		return err
	}
	if !a.Guard.HasAdmin() {
		if err := a.openToOperators(r); err != nil {
			return err
		}
		return c.NoContent(http.StatusNoContent) // there is nothing to prove
	}
	if err := a.checkAdmin(c, body.Token); err != nil {
		return err
	}
	c.Set(operatorKey, "token")
	a.logAction(c, "open session", "", nil)
	until := time.Now().Add(identity.SessionTTL)
	a.setSession(c, a.Guard.NewSession(until), int(identity.SessionTTL.Seconds()))
	return c.NoContent(http.StatusNoContent)
}

// closeSession takes the cookie away.
func (a *API) closeSession(c echo.Context) error {
	a.setSession(c, "", -1)
	return c.NoContent(http.StatusNoContent)
}

func (a *API) setSession(c echo.Context, value string, maxAge int) {
	c.SetCookie(&http.Cookie{ //nolint:gosec // Secure would lock operators out where there is no TLS
		Name: sessionCookie, Value: value, MaxAge: maxAge, Path: a.Prefix + "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: a.isHTTPS(c.Request()),
	})
}

// isHTTPS says whether the client uses TLS, here or as far as a trusted proxy.
func (a *API) isHTTPS(r *http.Request) bool {
	if r.TLS != nil {
		return true
	}
	host, _, _ := net.SplitHostPort(r.RemoteAddr)
	peer := net.ParseIP(host)
	for _, network := range a.Proxies {
		if peer != nil && network.Contains(peer) {
			return strings.EqualFold(r.Header.Get("X-Forwarded-Proto"), "https")
		}
	}
	return false
}
