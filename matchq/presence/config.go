package presence

import (
	"context"
	"time"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/space"
)

// NodeConfig says how a Node works. Its zero value is ready to use.
type NodeConfig struct {
	// ID names the node. No two nodes that run may have the same. Defaults to a new unique name.
	ID string

	// Grace is how long a player whose connection has ended may be away before they are gone, in whole milliseconds, at
	// least 1 ms. Defaults to 5 s.
	Grace time.Duration

	// Lease is how long the node counts as alive after its last heartbeat, in whole milliseconds, at least 10 ms. It
	// sends four heartbeats in that time. Make it longer than the grace: the players of a dead node have the lease, and
	// no grace, to connect elsewhere. Defaults to 4/3 of the grace, and to 2 s if that is shorter.
	Lease time.Duration

	// Version is shown by Nodes: a name of up to 128 bytes. Defaults to none.
	Version string

	// Note is called before each heartbeat; Nodes shows its last text to others, such as a warning. It must return quickly.
	// A text of more than 512 bytes, or with control characters, is left out. Defaults to nothing.
	Note func() string

	// OnMessage is called with each message to a player of this node, in order, one at a time. It must return quickly,
	// since all messages of the node wait for it, and must not call the Node. Defaults to nothing.
	OnMessage func(Message)

	// OnReplaced is called when a player of this node has a newer connection, here or elsewhere. Close the older one,
	// conn. It may be called twice, and must return quickly. Defaults to nothing.
	OnReplaced func(player, conn string)

	// OnGone is called before a player is evicted who did not come back. Any node may call it that notices; several may, and
	// more than once. If it returns an error the player stays, and it is called again about a second later. Up to eight
	// calls run at a time. Defaults to nothing.
	OnGone func(ctx context.Context, player string) error
}

// complete fills in the defaults and checks the rest.
func (c NodeConfig) complete() (NodeConfig, error) {
	if c.ID == "" {
		c.ID = space.NewID()
	}
	if c.Grace == 0 {
		c.Grace = 5 * time.Second
	}
	if c.Lease == 0 {
		c.Lease = max((c.Grace * 4 / 3).Truncate(time.Millisecond), 2*time.Second)
	}
	if c.OnMessage == nil {
		c.OnMessage = func(Message) {}
	}
	if c.OnReplaced == nil {
		c.OnReplaced = func(string, string) {}
	}
	if err := matchq.CheckName("node", c.ID); err != nil {
		return c, err
	}
	if c.Version != "" {
		if err := matchq.CheckName("version", c.Version); err != nil {
			return c, err
		}
	}
	if err := checkDuration("grace", c.Grace, time.Millisecond); err != nil {
		return c, err
	}
	return c, checkDuration("lease", c.Lease, 10*time.Millisecond)
}
