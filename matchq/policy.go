package matchq

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/matchq/matchq/matchq/internal/space"
)

// A Policy groups a batch into matches, inside Redis.
//
// Its source is a Lua 5.1 chunk that returns a function of a batch and the size of a match. batch.n tickets wait, the
// oldest first; batch[i] has id, player, rating (0 unless set), attributes (a string of JSON) and waited_ms.
// The function returns a list of positions: the first size of them are one match, the next size another. A ticket that it
// leaves out keeps waiting. It sees at most Config.Limit tickets at once, runs while Redis does nothing else, and can
// touch nothing but its arguments. For instance, best against best:
//
//	return function(batch, size)
//	  local order = {}
//	  for i = 1, batch.n do order[i] = i end
//	  table.sort(order, function(a, b) return batch[a].rating > batch[b].rating end)
//	  for i = batch.n, batch.n - batch.n % size + 1, -1 do order[i] = nil end
//	  return order
//	end
//
// A policy that fails, or returns anything else, matches nobody; Run says so through Config.OnTick and its logger.
type Policy struct {
	name   string
	source string
}

// FIFO matches the oldest tickets with each other. It leaves at most size-1 tickets of a queue.
func FIFO() Policy { return builtin("fifo") }

// Random shuffles the batch. Of more than Config.Limit tickets, only that many at once.
func Random() Policy { return builtin("random") }

// LuaPolicy is a policy of your own. All nodes of a namespace must have the same.
func LuaPolicy(name, source string) Policy { return Policy{name: name, source: source} }

func builtin(name string) Policy {
	source, ok := space.Policy(name)
	if !ok {
		panic("matchq: no policy " + name) // it is embedded
	}
	return Policy{name: name, source: source}
}

// String names the policy and the version of its source.
func (p Policy) String() string {
	sum := sha256.Sum256([]byte(p.source))
	return p.name + "-" + hex.EncodeToString(sum[:4])
}
