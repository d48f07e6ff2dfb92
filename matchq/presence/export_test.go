package presence

import "time"

// SyncEvery has a node that does not run yet ask more often for what it missed.
func (n *Node) SyncEvery(d time.Duration) { n.syncEvery = d }
