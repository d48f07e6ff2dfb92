package ws

import (
	"errors"
	"net"
)

// Why a connection is cut off or refused, or a frame dropped.
const (
	dropTooSlow  = "too_slow"  // a connection that does not take what it is sent
	dropSilent   = "silent"    // a connection without a sign of life
	dropTooLarge = "too_large" // a connection that sent a frame over the limit
	dropTooMany  = "too_many"  // a connection of an address that has as many as it may
	dropTooFast  = "too_fast"  // a frame of a connection that sends more than it may
)

// DropReasons are all that Options.Dropped is called with.
var DropReasons = []string{dropTooSlow, dropSilent, dropTooLarge, dropTooMany, dropTooFast}

// failed is called when the connection can't be read from or written to any more. What the client ends, or the server,
// is no failure.
func (l *link) failed(err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
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
