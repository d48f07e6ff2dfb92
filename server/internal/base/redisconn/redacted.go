package redisconn

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"
)

// schemes are those of --redis.
var schemes = []string{"redis", "rediss", "unix", "redis+cluster", "rediss+cluster", "redis+sentinel", "rediss+sentinel"}

var (
	errScheme = errors.New("it must begin with redis://, rediss://, unix://, redis+cluster://, rediss+cluster://, redis+sentinel:// or rediss+sentinel://")
	errEncode = errors.New("user and password must be percent-encoded: / is %2F, ? is %3F, # is %23, @ is %40, % is %25, a space %20")
	errHost   = errors.New("no host, or an invalid port: it must be SCHEME://user:password@host:port/…")
	errUnix   = errors.New("it must be unix:///path, or unix://user:password@/path")
)

// hostsOf returns the part of a URL that names hosts, or a path. It is an error if a password could be in that part, or in
// any other one that errors of parsers quote: because it is not percent-encoded, or because there is no @.
func hostsOf(address string) (string, error) {
	scheme, rest, ok := strings.Cut(address, "://")
	if !ok || !slices.Contains(schemes, scheme) {
		return "", errScheme
	}
	if scheme == "unix" {
		return unixPath(rest)
	}
	end := strings.IndexAny(rest, "/?#")
	if end < 0 {
		end = len(rest)
	}
	authority := rest[:end]
	if strings.Contains(rest[end:], "@") { // a password was cut: it has one of these characters
		return "", errEncode
	}
	at := strings.LastIndexByte(authority, '@')
	if user, err := url.Parse("x://" + authority[:at+1]); at >= 0 && (err != nil || user.User == nil) {
		return "", errEncode
	}
	hosts := authority[at+1:]
	for host := range strings.SplitSeq(hosts, ",") {
		if !isHost(host) {
			return "", errHost
		}
	}
	return hosts, nil
}

// isHost reports whether text is a host, with or without a port.
func isHost(text string) bool {
	if !strings.Contains(text, ":") || strings.HasSuffix(text, "]") {
		return strings.Trim(text, "[]") != ""
	}
	host, port, err := net.SplitHostPort(text)
	return err == nil && host != "" && port != "" && strings.Trim(port, "0123456789") == ""
}

// unixPath returns the path of a socket.
func unixPath(rest string) (string, error) {
	user, path, ok := strings.Cut(rest, "/")
	path, _, _ = strings.Cut(path, "?")
	if !ok || user != "" && !strings.HasSuffix(user, "@") {
		return "", errUnix
	}
	if _, err := url.Parse("x://" + user); err != nil || user != "" && strings.Contains(path, "@") {
		return "", errEncode
	}
	return "/" + path, nil
}

// cannotUse explains why a URL can't be used. err must quote no part of it but hosts and paths.
func cannotUse(address string, err error) error {
	return fmt.Errorf("--redis %s: %w", redacted(address), withoutURL(err))
}

// withoutURL removes the URL, and so the password, from an error of net/url.
func withoutURL(err error) error {
	if _, ok := errors.AsType[*url.Error](err); ok {
		return errEncode
	}
	return err
}

// redacted is a URL for the log: the scheme and the hosts. Only the scheme is left of one that could show a password.
func redacted(address string) string {
	scheme, _, ok := strings.Cut(address, "://")
	if !ok || !slices.Contains(schemes, scheme) {
		return "(not a URL)"
	}
	hosts, err := hostsOf(address)
	if err != nil {
		return scheme + "://…"
	}
	return scheme + "://" + hosts
}
