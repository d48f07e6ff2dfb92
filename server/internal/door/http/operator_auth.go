package httpdoor

import (
	"cmp"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	sessionCookie = "matchq_operator"
	operatorKey   = "operator" // the kind of proof
	actorKey      = "by"       // the operator's name, else the proof
)

// operator lets in operators: by the admin token or by a session's cookie. Without an admin token everyone on this
// machine is an operator.
func (a *API) operator(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		proof, err := a.operatorBy(c)
		if err != nil {
			return err
		}
		actor := cmp.Or(c.QueryParam("by"), proof)
		if err := matchq.CheckName("by", actor); err != nil {
			return err
		}
		c.Set(operatorKey, proof)
		c.Set(actorKey, actor)
		return next(c)
	}
}

// operatorBy returns the kind of an operator's proof.
func (a *API) operatorBy(c echo.Context) (by string, err error) {
	r := c.Request()
	if !a.Guard.HasAdmin() {
		return "loopback", a.openToOperators(r)
	}
	if scheme, token, _ := strings.Cut(r.Header.Get("Authorization"), " "); strings.EqualFold(scheme, "Bearer") {
		return "token", a.checkAdmin(c, strings.TrimSpace(token))
	}
	if err := a.checkSession(r.Context(), r); err != nil {
		return "", err
	}
	return "session", nil
}

// proxyHeaders are those that a proxy adds, behind empty ones of the client too.
var proxyHeaders = []string{"X-Forwarded-For", "Forwarded", "X-Real-Ip", "X-Forwarded-Host", "Via"}

// openToOperators reports whether a request comes from this machine. A proxied request may come from anywhere.
func (a *API) openToOperators(r *http.Request) error {
	forwarded := slices.ContainsFunc(proxyHeaders, func(name string) bool { return len(r.Header.Values(name)) > 0 })
	// Another site's page can make a visitor's browser send requests, though it can't read the answers.
	site, origin := r.Header.Get("Sec-Fetch-Site"), r.Header.Get("Origin")
	foreign := (site == "cross-site" || site == "same-site" || origin != "" && !sameOrigin(origin, r.Host)) && !a.origins[canonicalOrigin(origin)]
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if !foreign && a.LoopbackOnly && !forwarded && err == nil && peer.Addr().Unmap().IsLoopback() {
		return nil
	}
	return wire.Errorf(wire.CodeForbidden, "operators only, and the server was started without --admin-token")
}

// checkAdmin compares a token with the admin token.
func (a *API) checkAdmin(c echo.Context, token string) error {
	if a.Guard.IsAdmin(token) {
		return nil
	}
	address := c.RealIP()
	if err := a.wrongTokens.Add(address); err != nil {
		return err
	}
	a.Log.Warn("wrong admin token", "address", address)
	return wire.Errorf(wire.CodeUnauthorized, "the admin token is wrong")
}

// logAction logs an operator's action.
func (a *API) logAction(c echo.Context, action, target string, err error) {
	a.Log.Info("operator action", "action", action, "target", target, "address", c.RealIP(), "by", c.Get(actorKey), "proof", c.Get(operatorKey), "error", err)
}

// openSession exchanges the admin token for a session's cookie.
func (a *API) openSession(c echo.Context) error {
	r := c.Request()
	if origin := r.Header.Get("Origin"); origin != "" && !sameOrigin(origin, r.Host) {
		return wire.Errorf(wire.CodeForeignOrigin, "a session can be opened by a page of this server only")
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
		return c.NoContent(http.StatusNoContent) // no proof is needed
	}
	if err := a.checkAdmin(c, body.Token); err != nil {
		return err
	}
	c.Set(operatorKey, "token")
	c.Set(actorKey, "token")
	a.logAction(c, "open session", "", nil)
	until := time.Now().Add(identity.SessionTTL)
	a.setSession(c, a.Guard.NewSession(until), int(identity.SessionTTL.Seconds()))
	return c.NoContent(http.StatusNoContent)
}

func (a *API) setSession(c echo.Context, value string, maxAge int) {
	c.SetCookie(&http.Cookie{ //nolint:gosec // with Secure operators could not sign in without TLS
		Name: sessionCookie, Value: value, MaxAge: maxAge, Path: a.Prefix + "/",
		HttpOnly: true, SameSite: http.SameSiteStrictMode, Secure: a.isHTTPS(c.Request()),
	})
}

// isHTTPS reports whether the client uses TLS, to this server or to a trusted proxy.
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
