// Package origins compares the origins of web pages as browsers mean them.
package origins

import (
	"errors"
	"net/netip"
	"net/url"
	"strconv"
	"strings"

	"golang.org/x/net/idna"
)

// hostNames maps host names as browsers do: case folded, Unicode as punycode, underscores allowed.
var hostNames = idna.New(idna.MapForLookup(), idna.BidiRule(), idna.StrictDomainName(false))

// defaultPorts are left out of the origins that browsers send.
var defaultPorts = map[string]string{"http": "80", "https": "443"}

var (
	errForm     = errors.New("must be a scheme and a host, such as https://play.example or capacitor://localhost")
	errWildcard = errors.New("must name one host: there are no wildcards; repeat the flag, such as https://play.example")
	errOpaque   = errors.New("could never match: browsers send the origin null for pages of this kind; serve them from https://play.example")
	errHost     = errors.New("could never match: no browser has such a host; it must be such as https://play.example")
)

// Canonical returns an origin as browsers send it: lower case, punycode, without a default port. An error completes "the
// origin …": no browser would send it.
func Canonical(text string) (string, error) {
	if strings.Contains(text, "*") {
		return "", errWildcard
	}
	u, err := url.Parse(text)
	if text == "null" || err == nil && isOpaque(u.Scheme) {
		return "", errOpaque
	}
	if err != nil || u.Scheme == "" || u.Hostname() == "" || u.User != nil || u.Path != "" && u.Path != "/" || strings.ContainsAny(text, "?#") {
		return "", errForm
	}
	host, port := strings.ToLower(u.Hostname()), u.Port()
	if port != "" {
		number, err := strconv.ParseUint(port, 10, 16)
		if err != nil {
			return "", errHost
		}
		port = strconv.FormatUint(number, 10)
	}
	if usual, ok := defaultPorts[u.Scheme]; ok {
		if host, err = webHost(host); err != nil {
			return "", err
		}
		if port == usual {
			port = ""
		}
	}
	if port != "" {
		port = ":" + port
	}
	return u.Scheme + "://" + host + port, nil
}

// isOpaque reports whether pages of a scheme have no origin of their own. url.Parse makes schemes lower case.
func isOpaque(scheme string) bool {
	switch scheme {
	case "file", "data", "about", "blob", "javascript":
		return true
	}
	return false
}

// webHost is a host of http or https as browsers write it.
func webHost(host string) (string, error) {
	if strings.Contains(host, ":") {
		ip, err := netip.ParseAddr(host)
		if err != nil {
			return "", errHost
		}
		return "[" + ip.String() + "]", nil
	}
	name, err := hostNames.ToASCII(host)
	if err != nil || name == "" {
		return "", errHost
	}
	last := name[strings.LastIndexByte(strings.TrimSuffix(name, "."), '.')+1:]
	if strings.Trim(last, "0123456789") == "" { // browsers write all numeric hosts as four numbers
		if _, err := netip.ParseAddr(name); err != nil {
			return "", errHost
		}
	}
	return name, nil
}

// Same reports whether a canonical origin is that of a Host header. Only hosts and ports are compared, since the scheme is
// unknown behind a proxy that ends TLS.
func Same(origin, host string) bool {
	scheme, _, _ := strings.Cut(origin, "://")
	if defaultPorts[scheme] == "" {
		return false // pages of apps come from no host
	}
	own, err := Canonical(scheme + "://" + host)
	return err == nil && own == origin
}
