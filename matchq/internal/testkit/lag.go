package testkit

import (
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// lagStep is how often lag is measured.
const lagStep = 5 * time.Millisecond

// MeasureLag measures how late this machine runs due work, and how late each Redis answers, and returns the worst so far.
// Tests that promise times add it to theirs: a busy machine delays nodes and scripts just the same.
func MeasureLag(t testing.TB, all ...redis.UniversalClient) (worst func() time.Duration) {
	t.Helper()
	var lag atomic.Int64
	note := func(late time.Duration) {
		for {
			before := lag.Load()
			if int64(late) <= before || lag.CompareAndSwap(before, int64(late)) {
				return
			}
		}
	}
	go func() {
		ticker := time.NewTicker(lagStep)
		defer ticker.Stop()
		for last := time.Now(); ; {
			select {
			case <-ticker.C:
			case <-t.Context().Done():
				return
			}
			now := time.Now()
			note(now.Sub(last) - lagStep)
			last = now
		}
	}()
	for _, rdb := range all {
		patient := patientClient(t, rdb)
		go func() {
			for t.Context().Err() == nil {
				began := time.Now()
				if patient.Ping(t.Context()).Err() == nil { // else it is away, which is no lag
					note(time.Since(began))
				}
				time.Sleep(lagStep)
			}
		}()
	}
	return func() time.Duration { return time.Duration(lag.Load()) }
}

// patientClient is a client of the same Redis, without hooks, that waits for an answer as long as it takes.
func patientClient(t testing.TB, rdb redis.UniversalClient) redis.UniversalClient {
	t.Helper()
	how := redis.UniversalOptions{ReadTimeout: -1, MaxRetries: -1, ContextTimeoutEnabled: true}
	switch rdb := rdb.(type) {
	case *redis.Client:
		how.Addrs, how.Username, how.Password = []string{rdb.Options().Addr}, rdb.Options().Username, rdb.Options().Password
	case *redis.ClusterClient:
		how.Addrs, how.IsClusterMode = rdb.Options().Addrs, true
	default:
		t.Fatalf("no lag of a %T can be measured", rdb)
	}
	patient := redis.NewUniversalClient(&how)
	t.Cleanup(func() { _ = patient.Close() })
	return patient
}
