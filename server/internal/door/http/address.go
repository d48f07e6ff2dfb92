package httpdoor

import (
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"

	"github.com/labstack/echo/v4"
)

// ipExtractor finds the client's address: the last one of X-Forwarded-For that no trusted proxy has. Echo's own takes the
// proxy for the client if an address has a port, as some proxies write it.
func ipExtractor(proxies []*net.IPNet) echo.IPExtractor {
	direct := echo.ExtractIPDirect()
	if len(proxies) == 0 {
		return direct
	}
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
