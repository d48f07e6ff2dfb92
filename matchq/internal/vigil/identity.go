// Package vigil notices that the Redis under a namespace was replaced or emptied, although no call failed. Redis then may
// have lost acknowledged writes: a restart, a failover to a replica that lagged, FLUSHALL.
package vigil

import (
	"context"
	"time"

	"github.com/matchq/matchq/matchq/internal/space"
)

// Identity tells one Redis from another, and one life of a namespace from the next.
type Identity struct {
	// Replication is the replication id: another one after each restart, and after each failover. "" where Redis does not
	// tell it, as the embedded one, or to a user without the right to INFO.
	Replication string

	// Born is when the namespace came into being; "" before its first write, and after Redis was emptied.
	Born string
}

// ReadIdentity reads an Identity from a reply that has its two values next.
func ReadIdentity(r *space.Reply) Identity { return Identity{Replication: r.Text(), Born: r.Text()} }

// Follows says whether the Redis of i may be that of before, with all that it held.
func (i Identity) Follows(before Identity) bool {
	same := i.Replication == before.Replication || i.Replication == "" || before.Replication == ""
	return same && (i.Born == before.Born || before.Born == "")
}

var identityScript = space.Bind[identityArgs]("match/identity")

type identityArgs struct{}

// look asks which Redis this is, and for its time.
func look(ctx context.Context, in *space.Space) (Identity, reading, error) {
	at := reading{sent: time.Now()}
	r, err := identityScript.Call(ctx, in, identityArgs{})
	if err != nil {
		return Identity{}, reading{}, err
	}
	found := ReadIdentity(r)
	at.redis, at.got = time.UnixMilli(r.Number()), time.Now()
	return found, at, r.Err
}

// Place is the end of a namespace's event stream.
type Place struct {
	Identity

	Newest Position // of the newest entry, or where the stream was trimmed if there is none

	trimmed       Position // the last event that was trimmed
	sought, found bool     // an entry was looked for, and stands in the stream
}

var positionScript = space.Bind[positionArgs]("match/position")

type positionArgs struct {
	Entry string `lua:"entry"`
}

// Locate reads a Place, and looks for the entry of a position. Without one, Newest is not looked up.
func Locate(ctx context.Context, in *space.Space, entry *Position) (Place, error) {
	var args positionArgs
	if entry != nil {
		args.Entry = entry.EntryID()
	}
	r, err := positionScript.Call(ctx, in, args)
	if err != nil {
		return Place{}, err
	}
	p, err := decodePlace(r)
	p.sought = entry != nil
	return p, err
}

func decodePlace(r *space.Reply) (Place, error) {
	p := Place{Identity: ReadIdentity(r), trimmed: readPosition(r, Oldest())}
	p.Newest = readPosition(r, p.trimmed)
	p.found = r.Number() == 1
	return p, r.Err
}

// readPosition reads a position, or what stands for none.
func readPosition(r *space.Reply, none Position) Position {
	text := r.Text()
	if text == "" {
		return none
	}
	p, ok := ParsePosition(text)
	if !ok {
		r.Failf("%q is no position", text)
	}
	return p
}
