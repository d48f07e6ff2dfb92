package limits

import (
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
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

// Wrong counts one more, and refuses an address that was wrong too often. A right secret is not its business: secrets are
// too long to be guessed, so this only keeps guessing cheap to answer and visible, and nobody can lock others out by it.
func (g *Guesses) Wrong(address string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if now.After(g.until) {
		g.wrong, g.until = map[string]int{}, now.Add(guessWindow)
	}
	if address = network(address); g.wrong[address] < mostGuesses {
		g.wrong[address]++
		return nil
	}
	f := wire.Errorf(wire.CodeRateLimited, "too many wrong tokens from this address; try again later")
	f.RetryAfter = g.until.Sub(now)
	return f
}
