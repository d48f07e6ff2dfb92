package matchq

import (
	"crypto/sha256"
	"encoding/hex"

	"github.com/matchq/matchq/matchq/internal/sandbox"
	"github.com/matchq/matchq/matchq/internal/space"
)

// A Policy groups a batch into matches, inside Redis.
//
// Its source is a Lua 5.1 chunk that returns a function of a batch and the size of a match. The batch is an array of
// tickets, the oldest first, batch.n of them; batch[i] has id, player, rating (0 unless set), attributes (a string of
// JSON) and waited_ms. The function returns a list of positions: the first size of them are one match, the next size
// another. A ticket that it leaves out keeps waiting. It sees at most Config.Limit tickets at once, and only copies of
// them. For instance, best against best:
//
//	return function(batch, size)
//	  local order = {}
//	  for i = 1, batch.n do order[i] = i end
//	  table.sort(order, function(a, b) return batch[a].rating > batch[b].rating end)
//	  for i = batch.n, batch.n - batch.n % size + 1, -1 do order[i] = nil end
//	  return order
//	end
//
// A policy that fails, runs too long or returns anything else is replaced by FIFO, in that queue, until the first window
// that is at least 30 s later: see PolicyError.
type Policy struct {
	name   string
	source string
	own    bool
}

// FIFO matches the oldest tickets with each other. It leaves at most size-1 tickets of a queue.
func FIFO() Policy { return builtin("fifo") }

// Random shuffles the batch. Of more than Config.Limit tickets, only that many at once.
func Random() Policy { return builtin("random") }

// LuaPolicy is a policy of your own, of at most 16 KiB. All nodes of a namespace must have the same. It computes, and no
// more: it can use type, tostring, tonumber, ipairs, pairs, next, select, unpack, error, assert, pcall, string, math
// (without randomseed), table (insert, remove, sort, concat) and cjson (decode, null). Other names are nil, until it
// assigns them, and forgotten after the batch. A batch may take 20,000 steps: a round of a loop or a call of a function
// is one, a search for a pattern may be many. A string that it makes has at most 16 KiB.
func LuaPolicy(name, source string) Policy { return Policy{name, source, true} }

func builtin(name string) Policy { return Policy{name: name, source: space.Policy(name)} }

// script is the policy as scripts take it.
func (p Policy) script() (string, error) {
	if !p.own {
		return p.source, nil
	}
	text, fault := sandbox.Compile(p.name, p.String(), p.source)
	if fault != nil {
		return "", (*PolicyError)(fault)
	}
	return text, nil
}

// String names the policy and the version of its source.
func (p Policy) String() string {
	sum := sha256.Sum256([]byte(p.source))
	return p.name + "-" + hex.EncodeToString(sum[:4])
}
