package limits

import (
	"sync"
	"time"

	"github.com/matchq/matchq/server/internal/base/wire"
)

const (
	maxWrong    = 10 // of an address in a window
	wrongWindow = time.Minute
)

// WrongTokens limits how often an address may present a wrong secret to this node. The zero value is ready to use.
type WrongTokens struct {
	mu    sync.Mutex
	wrong map[string]int
	until time.Time // end of the window
}

// Add counts a wrong secret, and is an error if there were too many. Secrets can't be guessed anyway: the limit keeps
// guessing cheap to answer and visible. Right secrets are not counted, so that no address can lock out another.
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
