package games

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

const (
	// pollEvery is how often a node looks for rooms that others have set to be woken: how late a game goes on whose node has
	// died.
	pollEvery = 250 * time.Millisecond

	maxDue  = 64 // rooms that are asked for in one call
	workers = 8
)

// wakeTimer tells Run that something is due sooner than it thinks.
type wakeTimer struct {
	mu      sync.Mutex
	next    time.Time // when Run will look
	ringing chan struct{}
}

func newWakeTimer() wakeTimer { return wakeTimer{ringing: make(chan struct{}, 1)} }

// set has Run look in so long, at the latest.
func (a *wakeTimer) set(in time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if at := time.Now().Add(in); at.Before(a.next) {
		a.next = at
		select {
		case a.ringing <- struct{}{}:
		default:
		}
	}
}

// clear forgets what was set: Run is about to look. What is set from now on counts when it sleeps again.
func (a *wakeTimer) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next = time.Now().Add(time.Hour)
}

// sleep waits until it is time to look.
func (a *wakeTimer) sleep(ctx context.Context, d time.Duration) {
	a.set(d)
	for {
		a.mu.Lock()
		left := time.Until(a.next)
		a.mu.Unlock()
		if left <= 0 {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-timer.C:
		case <-a.ringing:
		case <-ctx.Done():
			timer.Stop()
			return
		}
		timer.Stop()
	}
}

// Run wakes rooms whose time has come until ctx ends. Every node does; who is first is settled in Redis.
func (r *Games) Run(ctx context.Context) {
	for ctx.Err() == nil {
		r.timer.clear()
		due, next, err := r.matcher.DueRooms(ctx, maxDue)
		wait := pollEvery
		switch {
		case err != nil:
			r.log.Debug("no game goes on until redis answers", "error", err)
		case r.wakeAll(ctx, due) == 0 && len(due) > 0: // try again, in a while
		case next >= 0:
			wait = min(next, pollEvery)
		}
		r.timer.sleep(ctx, wait)
	}
}

// wakeAll wakes some rooms and says how many of them have been.
func (r *Games) wakeAll(ctx context.Context, due []string) (woken int) {
	var (
		mu      sync.Mutex
		working sync.WaitGroup
		next    = make(chan string)
	)
	for range min(workers, len(due)) {
		working.Go(func() {
			for id := range next {
				if err := r.wake(ctx, id); err != nil {
					r.log.Warn("a room could not be woken", "room", id, "error", err)
					continue
				}
				mu.Lock()
				woken++
				mu.Unlock()
			}
		})
	}
	for _, id := range due {
		next <- id
	}
	close(next)
	working.Wait()
	return woken
}

// wake does what is due in a room. Whoever is overdue is asked for once more: they may have come back unheard.
func (r *Games) wake(ctx context.Context, id string) error {
	_, stored, err := r.load(ctx, id)
	if err != nil {
		if !errors.Is(err, errCorrupt) && wire.ErrorOf(err).Code != wire.CodeNotFound {
			return err
		}
		if errors.Is(err, errCorrupt) {
			r.log.Error("a room that can't be read is dropped", "room", id, "error", err)
		}
		_, err = r.matcher.ChangeRoom(ctx, matchq.RoomChange{ID: id, Version: stored.Version})
		if errors.Is(err, matchq.ErrConflict) {
			return nil
		}
		return err
	}
	return r.change(ctx, id, func(t *quiz.Change) error {
		overdue := t.Overdue()
		players, err := r.sessions.Find(ctx, overdue...)
		if err != nil {
			return err
		}
		for _, p := range players {
			if p.Online() {
				t.SetBack(p.ID.Name, p.SID)
			} else {
				t.GiveUp(p.ID.Name)
			}
		}
		t.Tick()
		return nil
	})
}
