package ws

import (
	"errors"
	"net"
)

// Reasons of dropped connections and frames.
const (
	dropTooSlow  = "too_slow"  // the client does not take its frames
	dropSilent   = "silent"    // the client gives no sign of life
	dropTooLarge = "too_large" // the client sent a frame over the size limit
	dropTooMany  = "too_many"  // the address has too many connections
	dropTooFast  = "too_fast"  // a frame above the rate limit
)

// DropReasons are all reasons that Options.Dropped gets.
var DropReasons = []string{dropTooSlow, dropSilent, dropTooLarge, dropTooMany, dropTooFast}

// failed counts a failed connection. A close by the client or the server is no failure.
func (l *link) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heir != nil {
		l.heir.failed(err)
		return
	}
	network, ok := errors.AsType[net.Error](err)
	switch {
	case l.closed || l.counted:
		return
	case errors.Is(err, errTooLarge):
		l.dropped(dropTooLarge)
	case !ok || !network.Timeout():
		return
	case l.sending:
		l.dropped(dropTooSlow)
	default:
		l.dropped(dropSilent)
	}
	l.counted = true
}
