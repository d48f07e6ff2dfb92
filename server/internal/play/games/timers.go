package games

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"time"

	"github.com/matchq/matchq/matchq/rooms"
	"github.com/matchq/matchq/server/internal/base/wire"
	"github.com/matchq/matchq/server/internal/play/quiz"
)

const (
	// pollEvery bounds how late a game goes on whose node has died: other nodes poll for rooms that are due.
	pollEvery = 250 * time.Millisecond

	maxDue  = 64 // rooms of one poll
	workers = 8
)

// wakeTimer lets Run sleep until the next room is due, which may change meanwhile.
type wakeTimer struct {
	mu      sync.Mutex
	next    time.Time // time of the next poll
	ringing chan struct{}
}

func newWakeTimer() wakeTimer { return wakeTimer{ringing: make(chan struct{}, 1)} }

// set has Run poll after d at the latest.
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

// clear resets the timer before Run polls. Times that are set during the poll count for the next sleep.
func (a *wakeTimer) clear() {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.next = time.Now().Add(time.Hour)
}

// sleep waits until the next poll is due.
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

// Run wakes due rooms until ctx ends. Every node does; Redis decides which one is first.
func (g *Games) Run(ctx context.Context) {
	for ctx.Err() == nil {
		g.timer.clear()
		due, next, err := g.rooms.Due(ctx, maxDue)
		wait := pollEvery
		if err == nil {
			g.watch.start()
		}
		switch {
		case err != nil:
			g.watch.stop()
			g.log.Debug("redis is away: games wait until it answers", "error", err)
		case g.wakeAll(ctx, due) == 0 && len(due) > 0: // none could be woken: wait before the next try
		case next >= 0:
			wait = min(next, pollEvery)
		}
		g.timer.sleep(ctx, wait)
	}
}

// Recheck has rooms do their due work, and looks at their times again: Redis's clock may have been set.
func (g *Games) Recheck(ctx context.Context, ids []string) { g.wakeAll(ctx, ids) }

// wakeAll wakes rooms and returns how many it could.
func (g *Games) wakeAll(ctx context.Context, due []string) (woken int) {
	var (
		mu      sync.Mutex
		working sync.WaitGroup
		next    = make(chan string)
	)
	for range min(workers, len(due)) {
		working.Go(func() {
			for id := range next {
				if err := g.wake(ctx, id); err != nil {
					level := slog.LevelWarn
					if wire.IsPassing(err) {
						level = slog.LevelDebug // the state of Redis is logged elsewhere, once
					}
					g.log.Log(ctx, level, "a room could not be woken", "room", id, "error", err)
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

// wake does the due work of a room.
func (g *Games) wake(ctx context.Context, id string) error {
	room, stored, err := g.load(ctx, id)
	if err != nil {
		if !errors.Is(err, errCorrupt) && wire.ErrorOf(err).Code != wire.CodeNotFound {
			return err
		}
		if errors.Is(err, errCorrupt) {
			g.log.Error("dropped a corrupt room", "room", id, "error", err)
		}
		_, err = g.rooms.Change(ctx, rooms.Change{ID: id, Version: stored.Version})
		if errors.Is(err, rooms.ErrConflict) {
			return nil
		}
		return err
	}
	return g.changeStored(ctx, room, stored, func(t *quiz.Change) error {
		if err := g.judge(ctx, t); err != nil {
			return err
		}
		t.Tick()
		return nil
	})
}
