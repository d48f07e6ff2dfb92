package streams

import (
	"context"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq/internal/space"
	"github.com/matchq/matchq/matchq/internal/vigil"
)

// lane reads the streams of its armed followers, as long as there are any. Its main read waits for all of them at once.
// The driver can't break off such a read, so followers that come meanwhile are read by short reads beside it, at most one
// at a time, until it ends.
type lane struct {
	id    laneID
	ctx   context.Context // of reads, which serve followers that come later too
	users int             // guarded by lanes

	mu         sync.Mutex
	armed      map[*Follower]bool
	main, side bool // these reads go on
	apart      bool // Redis does not read several streams at once
}

// sideBlock is how long Redis holds a read beside the main one: so long may a follower wait that comes during it.
const sideBlock = 20 * time.Millisecond

// taken is a follower as it was when a read for it began.
type taken struct {
	*Follower

	gen   int
	after string
}

// poll takes the entries that were read for a follower after an id. If that is nothing, wait says that the lane goes on
// reading there.
func (l *lane) poll(f *Follower, after string) (batch []redis.XMessage, wait bool, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if err, f.err = f.err, nil; err != nil {
		return nil, false, err
	}
	if batch, f.batch = f.batch, nil; batch != nil && f.from == after && time.Since(f.read) < fresh {
		f.from = f.after
		return batch, false, nil
	}
	if l.armed[f] && f.after == after { // the batch may have brought it here in another way
		f.from = after
		return nil, true, nil
	}
	l.drop(f)
	return nil, false, nil
}

// arm has a lane read for a follower after an id.
func (l *lane) arm(f *Follower, after string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	f.gen++
	f.from, f.after, l.armed[f] = after, after, true
	switch {
	case !l.main:
		l.main = true
		go l.readAll()
	case !l.side:
		l.side = true
		go l.readNewcomers()
	}
}

func (l *lane) disarm(f *Follower) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.drop(f)
}

// drop ends reading for a follower.
func (l *lane) drop(f *Follower) {
	f.gen++
	delete(l.armed, f)
}

// readAll is the main read, again and again.
func (l *lane) readAll() {
	for {
		l.mu.Lock()
		var all []taken
		for f := range l.armed {
			f.covered = f.gen
			all = append(all, taken{f, f.gen, f.after})
		}
		l.main = len(all) > 0
		l.mu.Unlock()
		if len(all) == 0 {
			return
		}
		l.round(all, maxBlock)
	}
}

// readNewcomers reads for followers that the main read does not cover, until it covers all.
func (l *lane) readNewcomers() {
	for {
		l.mu.Lock()
		var some []taken
		for f := range l.armed {
			if l.main && f.covered != f.gen {
				some = append(some, taken{f, f.gen, f.after})
			}
		}
		l.side = len(some) > 0
		l.mu.Unlock()
		if len(some) == 0 {
			return
		}
		l.round(some, sideBlock)
	}
}

// round reads once for some followers, and hands out the entries.
func (l *lane) round(some []taken, most time.Duration) {
	in, after := some[0].space, make(map[string]string, len(some))
	for _, f := range some {
		if f.space.Timeout() < in.Timeout() {
			in = f.space
		}
		if id, known := after[f.key]; !known || before(f.after, id) {
			after[f.key] = f.after
		}
	}
	most = min(most, block(in))
	if l.readsApart() && len(after) > 1 {
		l.roundApart(in, some, after, most)
		return
	}
	found, err := read(l.ctx, in, after, most)
	switch {
	case err == nil || len(after) == 1 || !isOfOne(err):
		l.hand(some, found, err)
	case redis.HasErrorPrefix(err, "CROSSSLOT"):
		l.mu.Lock()
		l.apart = true
		l.mu.Unlock()
	default:
		l.roundApart(in, some, after, -1)
	}
}

func (l *lane) readsApart() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.apart
}

// roundApart is a round with a read for each stream.
func (l *lane) roundApart(in *space.Space, some []taken, after map[string]string, most time.Duration) {
	var reads sync.WaitGroup
	for key, id := range after {
		reads.Go(func() {
			found, err := read(l.ctx, in, map[string]string{key: id}, most)
			var its []taken
			for _, f := range some {
				if f.key == key {
					its = append(its, f)
				}
			}
			l.hand(its, found, err)
		})
	}
	reads.Wait()
}

// isOfOne tells an answer that may be about one of the streams, so that the others can be read.
func isOfOne(err error) bool {
	for _, code := range []string{"CROSSSLOT", "NOPERM", "WRONGTYPE"} {
		if redis.HasErrorPrefix(err, code) {
			return true
		}
	}
	return false
}

// hand gives followers the entries that were read for them, or the error.
func (l *lane) hand(some []taken, found map[string][]redis.XMessage, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, f := range some {
		if f.gen != f.Follower.gen {
			continue
		}
		entries := found[f.key]
		for len(entries) > 0 && !before(f.after, entries[0].ID) {
			entries = entries[1:] // another follower of the stream is behind this one
		}
		if err == nil && len(entries) == 0 {
			continue
		}
		l.give(f.Follower, entries, err)
	}
}

// give gives a follower entries or an error. One that gets many at once reads the next by itself: it may be slower than
// they come.
func (l *lane) give(f *Follower, entries []redis.XMessage, err error) {
	f.gen++
	if err != nil {
		f.err = err
		delete(l.armed, f)
	} else {
		if len(f.batch) == 0 {
			f.read = time.Now()
		}
		f.batch = append(f.batch, entries...)
		f.after = entries[len(entries)-1].ID
		if len(f.batch) >= count {
			delete(l.armed, f)
		}
	}
	select {
	case f.news <- struct{}{}:
	default:
	}
}

// before says whether an entry's id is lower than another's. Ids that can't be read are equal.
func before(a, b string) bool {
	at, _ := vigil.ParsePosition(a)
	other, _ := vigil.ParsePosition(b)
	return at.EntryBefore(other)
}
