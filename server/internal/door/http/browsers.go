package httpdoor

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/origins"
	"github.com/matchq/matchq/server/internal/base/wire"
)

// parseOrigins returns the origins of --allowed-origin and their hosts.
func parseOrigins(list []string) (allowed, hosts map[string]bool) {
	allowed, hosts = map[string]bool{}, map[string]bool{}
	for _, origin := range list {
		allowed[canonicalOrigin(origin)] = true
		if u, err := url.Parse(canonicalOrigin(origin)); err == nil && strings.HasPrefix(u.Scheme, "http") {
			hosts[u.Hostname()] = true
		}
	}
	return allowed, hosts
}

// canonicalOrigin is an origin as it is compared. One that no browser sends stays as it is, and is nobody's.
func canonicalOrigin(origin string) string {
	if known, err := origins.Canonical(origin); err == nil {
		return known
	}
	return origin
}

// checkOrigin keeps pages of other sites from using the server through a visitor's browser. Only pages of this server
// or of allowed origins may connect, or call unsafe methods. Clients without Origin are no browsers.
func (a *API) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if a.LoopbackOnly && !a.isOurHost(r.Host) {
			// Otherwise a page could be of the same origin by a name that points to 127.0.0.1.
			a.refusals.Do(func() {
				a.Log.Warn("refused a request for a foreign host; --allowed-origin http://HOST would allow it", "host", wire.Shorten(r.Host))
			})
			return wire.Errorf(wire.CodeForeignHost, "this server listens on loopback only and does not serve this Host; --allowed-origin with its http:// address would allow it")
		}
		origin := r.Header.Get("Origin")
		if origin == "" {
			return next(c)
		}
		origin = canonicalOrigin(origin)
		c.Response().Header().Add("Vary", "Origin")
		preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
		switch {
		case a.origins[origin]:
			allowOrigin(c, preflight)
			if a.sockets[r.URL.Path] {
				c.Response().Header().Set("Access-Control-Allow-Credentials", "true")
			}
			if preflight {
				return c.NoContent(http.StatusNoContent)
			}
		case sameOrigin(origin, r.Host):
		case preflight, !isSafe(r), a.sockets[r.URL.Path]:
			a.refusals.Do(func() {
				a.Log.Warn("refused a request from another site's page; --allowed-origin ORIGIN would allow it",
					"origin", wire.Shorten(r.Header.Get("Origin")))
			})
			return wire.Errorf(wire.CodeForeignOrigin, "this origin is not allowed")
		}
		return next(c)
	}
}

func allowOrigin(c echo.Context, preflight bool) {
	h := c.Response().Header()
	h.Set("Access-Control-Allow-Origin", c.Request().Header.Get("Origin"))
	if !preflight {
		h.Set("Access-Control-Expose-Headers", "Location, Retry-After")
		return
	}
	h.Set("Access-Control-Allow-Methods", "GET, POST, PUT, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID")
	h.Set("Access-Control-Max-Age", "600")
}

// isSafe reports whether a request only reads.
func isSafe(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions) &&
		r.Header.Get("Upgrade") == ""
}

// sameOrigin reports whether an Origin header is that of this server's own pages.
func sameOrigin(origin, host string) bool {
	return origins.Same(canonicalOrigin(origin), host)
}

func (a *API) isOurHost(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	host = strings.ToLower(strings.Trim(host, "[]"))
	if host == "localhost" || a.hosts[host] {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
