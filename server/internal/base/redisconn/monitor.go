package redisconn

import (
	"context"
	"errors"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	probeEvery = 500 * time.Millisecond
	steady     = 2 * time.Second // without a refusal, before one counts as over: a full Redis is full off and on
)

// Monitor knows whether Redis refuses, by trying. It logs one line when that begins and one when it ends.
type Monitor struct {
	conn    *Conn
	hashTag string
	checks  []Check
	log     *slog.Logger

	refusal     atomic.Pointer[wire.Error] // nil while Redis does not refuse
	unheard     atomic.Pointer[error]      // why the subscription is refused
	began, last time.Time                  // of the refusal; Run's
}

// NewMonitor makes a Monitor that tries writes, messages and further checks in the namespace of a hash tag.
func NewMonitor(conn *Conn, hashTag string, log *slog.Logger, checks ...Check) *Monitor {
	m := &Monitor{conn: conn, hashTag: hashTag, log: log}
	heard := Check{conn.Subscribes(hashTag).What, func(context.Context) error {
		if why := m.unheard.Load(); why != nil {
			return *why
		}
		return nil
	}}
	m.checks = append([]Check{conn.Writes(hashTag), conn.Publishes(hashTag), heard}, checks...)
	return m
}

// Refusal returns the error with which Redis refuses, at most three seconds old; nil if it does not refuse.
func (m *Monitor) Refusal() *wire.Error { return m.refusal.Load() }

// Run tries until ctx ends. The embedded Redis never refuses.
func (m *Monitor) Run(ctx context.Context) {
	if m.conn.Embedded() {
		return
	}
	listening := make(chan struct{})
	go func() {
		defer close(listening)
		m.listen(ctx)
	}()
	for ctx.Err() == nil {
		m.probe(ctx)
		_ = Pause(ctx, probeEvery)
	}
	<-listening
}

// probe tries everything once. Full is told last: another refusal is worse.
func (m *Monitor) probe(ctx context.Context) {
	trying, cancel := context.WithTimeout(ctx, startTimeout)
	defer cancel()
	var (
		refused *wire.Error
		what    string
	)
	for _, check := range m.checks {
		err := check.Try(trying)
		if ctx.Err() != nil {
			return
		}
		if f := wire.RefusalOf(err); f != nil && (refused == nil || refused.Refusal == wire.Full) {
			refused, what = f, check.What
		} else if f == nil && err != nil {
			return // Redis is away: whether it refuses is unknown
		}
	}
	m.note(refused, what)
}

func (m *Monitor) note(refused *wire.Error, what string) {
	now, before := time.Now(), m.refusal.Load()
	switch {
	case refused != nil:
		m.last = now
		if before == nil {
			m.began = now
		}
		if before == nil || before.Refusal != refused.Refusal {
			m.log.Error("redis refuses to "+what, "error", errors.Unwrap(refused))
			m.refusal.Store(refused) // after the line: a reader of it looks into the log
		}
	case before != nil && now.Sub(m.last) >= steady:
		m.log.Info("redis accepts calls again", "after", m.last.Sub(m.began).Round(time.Second))
		m.refusal.Store(nil)
	}
}

// listen holds a subscription as nodes do. Redis ends it when the user loses the right to it, and refuses the next one.
func (m *Monitor) listen(ctx context.Context) {
	for ctx.Err() == nil {
		err := m.hear(ctx)
		if wire.RefusalOf(err) != nil {
			m.unheard.Store(&err)
		}
		_ = Pause(ctx, probeEvery)
	}
}

// hear subscribes until that fails. After a refusal the driver keeps the connection without the subscription, so each
// attempt needs a new one.
func (m *Monitor) hear(ctx context.Context) error {
	subscription := m.conn.Subscribe(ctx, m.hashTag+":probe")
	done := context.AfterFunc(ctx, func() { _ = subscription.Close() })
	defer func() {
		if done() {
			_ = subscription.Close()
		}
	}()
	for {
		heard, err := subscription.Receive(ctx)
		if err != nil {
			return err
		}
		if _, subscribed := heard.(*redis.Subscription); subscribed {
			m.unheard.Store(nil)
		}
	}
}
