// Package adminlog keeps the newest actions of operators in Redis, for all nodes.
package adminlog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/server/internal/base/wire"
)

// Kept is how many actions are kept. At most 2 KiB each, they take 1 MiB at most.
const Kept = 500

const (
	timeout  = 1500 * time.Millisecond // of a call
	field    = "action"
	maxBytes = 256 // of each text
)

// Action is an operator's action.
type Action struct {
	At     time.Time `json:"-"`                // by Redis's clock
	Action string    `json:"action"`           // such as "pause"
	Target string    `json:"target,omitempty"` // a queue, a pattern of rules, a webhook or a ticket
	By     string    `json:"by"`               // the operator's name, else the proof
	Proof  string    `json:"proof"`            // "token", "session" or "loopback"
	Result string    `json:"result"`           // "" if it was done, else the error's code
	Count  int       `json:"count,omitempty"`  // tickets that it cancelled, or dead letters that it settled
}

// Log is the stream "{namespace}:operators" in Redis.
type Log struct {
	redis redis.UniversalClient
	key   string
}

// New makes the Log of a namespace.
func New(rdb redis.UniversalClient, namespace string) *Log {
	return &Log{rdb, "{" + namespace + "}:operators"}
}

// Add adds an action; At is set by Redis. Long texts are cut. A repeated call may add it twice. Errors: *wire.Error.
func (l *Log) Add(ctx context.Context, a *Action) error {
	kept := *a
	for _, text := range []*string{&kept.Target, &kept.By} {
		if len(*text) > maxBytes {
			*text = strings.ToValidUTF8((*text)[:maxBytes], "") + "…"
		}
	}
	data, err := json.Marshal(kept)
	if err != nil {
		return fmt.Errorf("adminlog: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return failure(l.redis.XAdd(ctx, &redis.XAddArgs{Stream: l.key, MaxLen: Kept, Values: []any{field, data}}).Err())
}

// Newest returns the newest actions, the last one first. What can't be read is left out: another version wrote it.
// Errors: *wire.Error.
func (l *Log) Newest(ctx context.Context, n int64) ([]Action, error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	entries, err := l.redis.XRevRangeN(ctx, l.key, "+", "-", n).Result()
	if err != nil {
		return nil, failure(err)
	}
	actions := make([]Action, 0, len(entries))
	for _, entry := range entries {
		var a Action
		text, _ := entry.Values[field].(string)
		ms, _, _ := strings.Cut(entry.ID, "-")
		at, err := strconv.ParseInt(ms, 10, 64)
		if err != nil || json.Unmarshal([]byte(text), &a) != nil {
			continue
		}
		a.At = time.UnixMilli(at).UTC()
		actions = append(actions, a)
	}
	return actions, nil
}

// failure is the error of a call as clients see it. A caller that gave up is no outage.
func failure(err error) error {
	if err == nil || errors.Is(err, context.Canceled) {
		return err
	}
	return wire.RedisError(err)
}
