package limit

import (
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/fault"
)

const (
	mostGuesses = 10 // wrong secrets of an address in a window
	guessWindow = time.Minute
)

// Guesses bounds how often an address may present a wrong secret to this node. The zero value is ready to use.
type Guesses struct {
	mu    sync.Mutex
	wrong map[string]int
	until time.Time // when the window ends and all is forgotten
}

// Check refuses an address that was wrong too often, whatever it presents now: else it could go on until it is right.
func (g *Guesses) Check(address string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if now.After(g.until) {
		g.wrong, g.until = map[string]int{}, now.Add(guessWindow)
	}
	if g.wrong[network(address)] < mostGuesses {
		return nil
	}
	f := fault.New(fault.RateLimited, "too many wrong tokens from this address; try again later")
	f.RetryAfter = g.until.Sub(now)
	return f
}

// Wrong counts one more. Check comes first.
func (g *Guesses) Wrong(address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.wrong[network(address)]++
}
