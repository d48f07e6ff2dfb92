package presence

import "time"

// SyncEvery sets the interval at which a node asks for missed messages; call it before Run.
func (n *Node) SyncEvery(d time.Duration) { n.syncEvery = d }
