package redisconn

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// multiHost is a URL with several hosts, which net/url can't parse.
type multiHost struct {
	user, password string
	hosts          []string
	path           string
}

func parseMultiHost(address string) (multiHost, error) {
	_, rest, _ := strings.Cut(address, "://")
	if strings.ContainsAny(rest, "?#") {
		return multiHost{}, errors.New("parameters are not supported here")
	}
	authority, path, _ := strings.Cut(rest, "/")
	m := multiHost{path: path}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user, password, _ := strings.Cut(authority[:at], ":")
		var err1, err2 error
		m.user, err1 = url.PathUnescape(user)
		m.password, err2 = url.PathUnescape(password)
		if err1 != nil || err2 != nil {
			return m, errors.New("user and password must be URL-encoded")
		}
		authority = authority[at+1:]
	}
	for host := range strings.SplitSeq(authority, ",") {
		if _, port, err := net.SplitHostPort(host); err != nil || port == "" {
			return m, fmt.Errorf("%q must be host:port", host)
		}
		m.hosts = append(m.hosts, host)
	}
	return m, nil
}

// sentinel reads redis+sentinel://h1:p,h2:p/<master>/<db>, and the same as rediss+sentinel. User and password are those of
// the master.
func sentinel(address string) (*redis.FailoverOptions, error) {
	m, err := parseMultiHost(address)
	if err != nil {
		return nil, err
	}
	master, number, _ := strings.Cut(m.path, "/")
	if master == "" {
		return nil, errors.New("the path must be /<master> or /<master>/<db>")
	}
	db := 0
	if number != "" {
		if db, err = strconv.Atoi(number); err != nil || db < 0 {
			return nil, fmt.Errorf("%q is no database number", number)
		}
	}
	return &redis.FailoverOptions{
		MasterName: master, SentinelAddrs: m.hosts, Username: m.user, Password: m.password, DB: db,
		ContextTimeoutEnabled: true, DialerRetries: dialAttempts,
	}, nil
}
