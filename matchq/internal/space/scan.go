package space

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// Field reads a field of a hash that the namespace has once, "" if it has none of that name. Errors as for Do.
func Field(ctx context.Context, s *Space, hash, name string) (string, error) {
	return Do(ctx, s, "read "+hash, func(ctx context.Context, rdb redis.UniversalClient) (string, error) {
		value, err := rdb.HGet(ctx, s.Key(hash), name).Result()
		if errors.Is(err, redis.Nil) {
			return "", nil
		}
		return value, err
	})
}

// Members lists the members of a sorted set that the namespace has once, lowest score first, from the first to place
// last; -1 is the last one. Errors as for Do.
func Members(ctx context.Context, s *Space, set string, last int64) ([]string, error) {
	return Do(ctx, s, "read "+set, func(ctx context.Context, rdb redis.UniversalClient) ([]string, error) {
		return rdb.ZRange(ctx, s.Key(set), 0, last).Result()
	})
}

// ScanHash reads a hash that the namespace has once, in steps of about count fields. Errors as for Do.
func ScanHash(ctx context.Context, s *Space, hash string, count int) (map[string]string, error) {
	all := map[string]string{}
	read := func(ctx context.Context, rdb redis.UniversalClient, cursor uint64) *redis.ScanCmd {
		return rdb.HScan(ctx, s.Key(hash), cursor, "", int64(count))
	}
	return all, scan(ctx, s, hash, read, func(field, value string) error {
		all[field] = value
		return nil
	})
}

// ScanSet calls each for every member of a sorted set that the namespace has once, in steps of about count members. A
// member may come twice. Errors: those of each, and as for Do.
func ScanSet(ctx context.Context, s *Space, set string, count int, each func(member, score string) error) error {
	read := func(ctx context.Context, rdb redis.UniversalClient, cursor uint64) *redis.ScanCmd {
		return rdb.ZScan(ctx, s.Key(set), cursor, "", int64(count))
	}
	return scan(ctx, s, set, read, each)
}

// scan calls each for the pairs of a key, page after page.
func scan(ctx context.Context, s *Space, key string,
	read func(ctx context.Context, rdb redis.UniversalClient, cursor uint64) *redis.ScanCmd, each func(a, b string) error,
) error {
	type page struct {
		pairs  []string // a, b, a, b, …
		cursor uint64
	}
	for p := (page{}); ; {
		cursor := p.cursor // for a call that may outlive this one
		var err error
		p, err = Do(ctx, s, "scan "+key, func(ctx context.Context, rdb redis.UniversalClient) (page, error) {
			pairs, next, err := read(ctx, rdb, cursor).Result()
			return page{pairs, next}, err
		})
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(p.pairs); i += 2 {
			if err := each(p.pairs[i], p.pairs[i+1]); err != nil {
				return err
			}
		}
		if p.cursor == 0 {
			return nil
		}
	}
}
