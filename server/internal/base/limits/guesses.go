package limits

import (
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	maxWrong    = 10 // wrong secrets of an address in a window
	wrongWindow = time.Minute
)

// WrongTokens bounds how often an address may present a wrong secret to this node. The zero value is ready to use.
type WrongTokens struct {
	mu    sync.Mutex
	wrong map[string]int
	until time.Time // when the window ends and all is forgotten
}

// Add counts one more, and refuses an address that was wrong too often. A right secret is not its business: secrets are
// too long to be guessed, so this only keeps guessing cheap to answer and visible, and nobody can lock others out by it.
func (g *WrongTokens) Add(address string) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if now.After(g.until) {
		g.wrong, g.until = map[string]int{}, now.Add(wrongWindow)
	}
	if address = addressKey(address); g.wrong[address] < maxWrong {
		g.wrong[address]++
		return nil
	}
	f := wire.Errorf(wire.CodeRateLimited, "too many wrong tokens from this address; try again later")
	f.RetryAfter = g.until.Sub(now)
	return f
}
