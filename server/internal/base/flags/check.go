package flags

import (
	"cmp"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/identity"
	"github.com/matchq/matchq/server/internal/base/limits"
	"github.com/matchq/matchq/server/internal/base/origins"
)

// check validates the flags and normalises their values.
func (f *Flags) check() error {
	if f.RateLimit.Off() {
		f.RateLimitAddress = limits.Rate{}
	}
	for flag, d := range map[string]*time.Duration{
		"--grace": &f.Grace, "--interval": f.Interval, "--ticket-ttl": f.TicketTTL, "--ready-timeout": f.ReadyTimeout,
	} {
		if d != nil && *d < 0 {
			return fmt.Errorf("%s must not be negative", flag)
		}
	}
	if f.RoomTTL < time.Second {
		return errors.New("--room-ttl must be at least 1s")
	}
	if f.MatchSize != nil && *f.MatchSize < 2 {
		return errors.New("--match-size must be at least 2")
	}
	if f.MaxQueues < 1 {
		return errors.New("--max-queues must be at least 1")
	}
	if _, err := f.Guard(); err != nil {
		return err
	}
	if err := f.checkAddr(); err != nil {
		return err
	}
	if err := f.checkPrefix(); err != nil {
		return err
	}
	for i, origin := range f.AllowedOrigin {
		known, err := origins.Canonical(origin)
		if err != nil {
			return fmt.Errorf("--allowed-origin %q %w", origin, err)
		}
		f.AllowedOrigin[i] = known
	}
	if _, err := f.Proxies(); err != nil {
		return err
	}
	if f.Healthcheck {
		return nil
	}
	if err := f.checkWebhooks(); err != nil {
		return err
	}
	if err := f.readRules(); err != nil {
		return err
	}
	config := f.MatcherConfig()
	err := config.Validate()
	if invalid, ok := errors.AsType[*matchq.InvalidError](err); ok {
		return fmt.Errorf("%s %s", cmp.Or(flagOf[invalid.Field], "--rules "+f.Rules+": "+invalid.Field), invalid.Problem)
	}
	return err
}

// flagOf has the flags by the library's field names.
var flagOf = map[string]string{
	"namespace": "--namespace", "interval": "--interval", "size": "--match-size", "ticket_ttl": "--ticket-ttl",
	"ready_timeout": "--ready-timeout",
}

// MatcherConfig returns the configuration of the library.
func (f *Flags) MatcherConfig() matchq.Config {
	c := matchq.Config{Namespace: f.Namespace, Retention: f.Keep.Retention, Rules: f.stored, Timeout: f.CallTimeout}
	if f.Interval != nil {
		c.Interval = cmp.Or(*f.Interval, matchq.AtOnce)
	}
	if f.MatchSize != nil {
		c.Size = *f.MatchSize
	}
	if f.TicketTTL != nil {
		c.TTL = cmp.Or(*f.TicketTTL, matchq.Never)
	}
	if f.ReadyTimeout != nil {
		c.ReadyTimeout = cmp.Or(*f.ReadyTimeout, matchq.Never)
	}
	return c
}

// MailboxKeep is how long a player's mailbox is kept: long enough for a player who comes back within the grace.
func (f *Flags) MailboxKeep() time.Duration {
	if f.Keep.Mailbox != 0 {
		return f.Keep.Mailbox
	}
	return f.Grace.Truncate(time.Millisecond) + time.Minute
}

// Guard makes the guard of the secrets.
func (f *Flags) Guard() (*identity.Guard, error) {
	return identity.New(identity.Options{JWTSecret: f.JWTSecret, APIKey: f.APIKey, AdminToken: f.AdminToken})
}

// checkAddr refuses to listen beyond loopback without secrets, except with --insecure.
func (f *Flags) checkAddr() error {
	if _, _, err := net.SplitHostPort(f.Addr); err != nil {
		return fmt.Errorf("--addr must be host:port, such as 127.0.0.1:4000, not %q", f.Addr)
	}
	if f.Loopback() || f.Guarded() || f.Insecure || f.Healthcheck {
		return nil
	}
	return fmt.Errorf("--addr %s can be reached from other machines, and every client can act for any player: "+
		"add --jwt-secret and --admin-token, or --insecure if a firewall or a proxy sees to that, or listen on 127.0.0.1", f.Addr)
}

// Guarded reports whether players and operators need a proof of identity.
func (f *Flags) Guarded() bool { return f.JWTSecret != "" && f.AdminToken != "" }

// HasDemo reports whether /demo is served. With a secret it must be asked for, since it lets in guests.
func (f *Flags) HasDemo() bool {
	if f.Demo == nil {
		return f.JWTSecret == ""
	}
	return *f.Demo
}

// Loopback reports whether only this machine can reach the server.
func (f *Flags) Loopback() bool {
	host, _, _ := net.SplitHostPort(f.Addr)
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

func (f *Flags) checkPrefix() error {
	f.PathPrefix = strings.TrimRight(f.PathPrefix, "/")
	if f.PathPrefix == "" {
		return nil
	}
	if f.PathPrefix[0] != '/' || strings.ContainsAny(f.PathPrefix, "?#%:* ") || strings.Contains(f.PathPrefix, "//") {
		return fmt.Errorf("--path-prefix must be a plain path such as /matchq, not %q", f.PathPrefix)
	}
	return nil
}

// Proxies returns the networks of --trusted-proxy.
func (f *Flags) Proxies() ([]*net.IPNet, error) {
	var networks []*net.IPNet
	for _, text := range f.TrustedProxy {
		cidr := text
		if ip, err := netip.ParseAddr(text); err == nil {
			cidr = netip.PrefixFrom(ip, ip.BitLen()).String()
		}
		_, network, err := net.ParseCIDR(cidr)
		if err != nil {
			return nil, fmt.Errorf("--trusted-proxy must be an address or a network such as 10.0.0.0/8, not %q", text)
		}
		networks = append(networks, network)
	}
	return networks, nil
}

// ReadyURL is the URL that --healthcheck asks.
func (f *Flags) ReadyURL() string {
	host, port, _ := net.SplitHostPort(f.Addr)
	if ip, err := netip.ParseAddr(host); host == "" || err == nil && ip.IsUnspecified() {
		host = "127.0.0.1"
	}
	return "http://" + net.JoinHostPort(host, port) + f.PathPrefix + "/readyz"
}

// HealthTimeout is the time-out of --healthcheck.
const HealthTimeout = 3 * time.Second
