// Package webhooks posts events to URLs of operators, signed, until each is answered or given up.
package webhooks

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/redisconn"
)

const (
	concurrency   = 16 // requests to a URL that a node has under way
	maxDeliveries = 8

	// Timeout is how long a receiver may take to answer.
	Timeout = 10 * time.Second
)

// Backoff is how long after each failure an event is posted again; the last one holds for all later ones.
var Backoff = []time.Duration{5 * time.Second, 30 * time.Second, 2 * time.Minute, 10 * time.Minute, 30 * time.Minute, time.Hour}

// groupPrefix begins the names of the groups of workers, one a URL.
const groupPrefix = "webhook-"

// Options are those of Webhooks.
type Options struct {
	Matcher *matchq.Matcher
	URLs    []string
	Kinds   []matchq.State
	Secret  string
	Backoff []time.Duration
	Timeout time.Duration
	Version string
	Log     *slog.Logger

	// Match and Ticket are what clients of HTTP see of them.
	Match  func(*matchq.Match) any
	Ticket func(*matchq.Ticket) any

	// Count counts a request by its outcome, one of Outcomes.
	Count func(outcome string)
}

// Webhooks posts the events of a namespace. All nodes share the work for each URL.
type Webhooks struct {
	Options
	client *http.Client
}

// New makes Webhooks.
func New(o Options) *Webhooks {
	transport := &http.Transport{
		Proxy: http.ProxyFromEnvironment, ForceAttemptHTTP2: true, MaxConnsPerHost: concurrency, MaxIdleConnsPerHost: concurrency,
		IdleConnTimeout: time.Minute, TLSHandshakeTimeout: o.Timeout, MaxResponseHeaderBytes: 64 << 10,
	}
	return &Webhooks{Options: o, client: &http.Client{
		Timeout: o.Timeout, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// Run posts until ctx ends.
func (w *Webhooks) Run(ctx context.Context) {
	var all sync.WaitGroup
	for _, to := range w.URLs {
		all.Go(func() { w.serve(ctx, to) })
	}
	all.Wait()
	w.client.CloseIdleConnections()
}

func (w *Webhooks) serve(ctx context.Context, to string) {
	options := matchq.ConsumeOptions{
		Group: groupPrefix + idOf(to), Kinds: w.Kinds, Concurrency: concurrency, Backoff: w.Backoff, MaxDeliveries: maxDeliveries,
	}
	for ctx.Err() == nil {
		err := w.Matcher.Consume(ctx, options, func(ctx context.Context, ev matchq.Event) error { return w.post(ctx, to, &ev) })
		if err == nil {
			return
		}
		w.Log.Error("a webhook gets no events, retrying", "webhook", redacted(to), "error", err)
		_ = redisconn.Pause(ctx, time.Second)
	}
}

// idOf names a URL, which may have secrets in it.
func idOf(to string) string {
	sum := sha256.Sum256([]byte(to))
	return hex.EncodeToString(sum[:8])
}

// Group is the group of workers of a webhook, by the id of its URL.
func Group(id string) string { return groupPrefix + id }

// IDOfGroup is the id of the webhook that a group works for; false if it works for none.
func IDOfGroup(group string) (string, bool) { return strings.CutPrefix(group, groupPrefix) }

// URLOf is the URL of an id without its secrets; "" if this node has no such webhook.
func (w *Webhooks) URLOf(id string) string {
	for _, to := range w.URLs {
		if idOf(to) == id {
			return redacted(to)
		}
	}
	return ""
}

// redacted is a URL without user, password and query.
func redacted(to string) string {
	u, err := url.Parse(to)
	if err != nil {
		return "(not a URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}
