package httpdoor

import (
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"

	"github.com/labstack/echo/v4"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// parseOrigins reads --allowed-origin: the origins, and their hosts.
func parseOrigins(list []string) (origins, hosts map[string]bool) {
	origins, hosts = map[string]bool{}, map[string]bool{}
	for _, origin := range list {
		origins[strings.ToLower(origin)] = true
		if u, err := url.Parse(origin); err == nil {
			hosts[strings.ToLower(u.Hostname())] = true
		}
	}
	return origins, hosts
}

// checkOrigin keeps other sites' pages from using the server through their visitors' browsers: a page may only do what
// changes something, or connect, if it is this server's or an allowed one's. What sends no Origin is no browser.
func (a *API) checkOrigin(next echo.HandlerFunc) echo.HandlerFunc {
	return func(c echo.Context) error {
		r := c.Request()
		if a.LoopbackOnly && !a.isOurHost(r.Host) {
			// A name that somebody made point to 127.0.0.1 would make their page one of the same origin.
			a.Log.Warn("refused a request for another host: --allowed-origin http://HOST allows it", "host", r.Host)
			return wire.Errorf(wire.CodeForeignHost, "this server listens on loopback only and does not answer to this Host; --allowed-origin with its http:// address allows it")
		}
		origin := strings.ToLower(r.Header.Get("Origin"))
		if origin == "" {
			return next(c)
		}
		c.Response().Header().Add("Vary", "Origin")
		preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
		switch {
		case a.origins[origin]:
			allowOrigin(c, preflight)
			if preflight {
				return c.NoContent(http.StatusNoContent)
			}
		case sameOrigin(origin, r.Host):
		case preflight, !isSafe(r):
			a.Log.Warn("refused a request from another site's page: --allowed-origin ORIGIN allows it", "origin", r.Header.Get("Origin"))
			return wire.Errorf(wire.CodeForeignOrigin, "pages of this origin may not use this server")
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
	h.Set("Access-Control-Allow-Methods", "GET, POST, DELETE")
	h.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID")
	h.Set("Access-Control-Max-Age", "600")
}

// isSafe says whether a request only reads.
func isSafe(r *http.Request) bool {
	return (r.Method == http.MethodGet || r.Method == http.MethodHead || r.Method == http.MethodOptions) &&
		r.Header.Get("Upgrade") == ""
}

// sameOrigin compares hosts only: behind a proxy that ends TLS the scheme is not known.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
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
