package httpdoor

import (
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/labstack/echo/v4"
	"golang.org/x/time/rate"
)

const maxHopLogged = 64 // bytes

// ipExtractor finds the client's address: the last one of X-Forwarded-For that no trusted proxy has. Echo's own takes the
// proxy for the client if an address has a port, as some proxies write it. What can't be read is logged: until the proxy
// is mended all its clients have one address, and one rate limit.
func ipExtractor(proxies []*net.IPNet, log *slog.Logger) echo.IPExtractor {
	direct := echo.ExtractIPDirect()
	if len(proxies) == 0 {
		return direct
	}
	warning := rate.Sometimes{First: 1, Interval: 10 * time.Second}
	return func(r *http.Request) string {
		address := direct(r)
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		for _, hop := range slices.Backward(hops) {
			ip := net.ParseIP(address)
			if !slices.ContainsFunc(proxies, func(network *net.IPNet) bool { return network.Contains(ip) }) {
				return address
			}
			if hop = strings.TrimSpace(hop); hop == "" {
				continue
			}
			next, ok := parseHop(hop)
			if !ok {
				warning.Do(func() {
					log.Warn("X-Forwarded-For has no address where a trusted proxy must write one, so the proxy counts as the client",
						"proxy", address, "has", hop[:min(len(hop), maxHopLogged)])
				})
				return address
			}
			address = next
		}
		return address
	}
}

// parseHop reads an address, with or without brackets and port.
func parseHop(hop string) (address string, ok bool) {
	ip, err := netip.ParseAddr(strings.TrimSuffix(strings.TrimPrefix(hop, "["), "]"))
	if err != nil {
		with, err := netip.ParseAddrPort(hop)
		if err != nil {
			return "", false
		}
		ip = with.Addr()
	}
	return ip.Unmap().WithZone("").String(), true
}
