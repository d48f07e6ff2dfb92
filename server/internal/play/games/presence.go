package games

import (
	"context"

	"github.com/matchq/matchq/matchq"
)

// Presence tells rooms of the connections that a node is told of.
type Presence struct {
	*matchq.Node
	Rooms *Rooms
}

// Arrive is that of the node; the player's opponents hear of it. Should that fail, they are asked for before anything
// is forfeited.
func (p *Presence) Arrive(ctx context.Context, player, conn, data string) (before *matchq.Connection, err error) {
	before, err = p.Node.Arrive(ctx, player, conn, data)
	if err != nil {
		return nil, err
	}
	if err := p.Rooms.Back(ctx, player, conn); err != nil {
		p.Rooms.log.Warn("opponents do not know that a player is back", "player", player, "error", err)
	}
	return before, nil
}

// Leave is that of the node; the player's opponents hear of it.
func (p *Presence) Leave(ctx context.Context, player, conn string) error {
	if err := p.Node.Leave(ctx, player, conn); err != nil {
		return err // the node goes on trying, and Gone ends what must end
	}
	if err := p.Rooms.Lost(ctx, player); err != nil {
		p.Rooms.log.Warn("opponents do not know that a player is away", "player", player, "error", err)
	}
	return nil
}
