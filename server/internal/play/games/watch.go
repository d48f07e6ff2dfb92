package games

import (
	"sync"
	"time"
)

// watch knows for how long this node has looked at rooms without a break. In a break players may have had nobody to come
// back to.
type watch struct {
	mu    sync.Mutex
	begun time.Time // zero in a break
}

func (w *watch) start() {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun.IsZero() {
		w.begun = time.Now()
	}
}

func (w *watch) stop() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.begun = time.Time{}
}

// since is when the last break ended, for a time in ms of Redis's clock.
func (w *watch) since(now int64) int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.begun.IsZero() {
		return now
	}
	return now - time.Since(w.begun).Milliseconds()
}
