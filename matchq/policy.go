package matchq

import "github.com/matchq/matchq/matchq/rules"

// A Policy groups a batch into matches, inside Redis.
//
// Its source is a Lua 5.1 chunk that returns a function of a batch and the size of a match. The batch is an array of
// tickets, the oldest first, batch.n of them; batch[i] has id, player, rating (nil if it has none), attributes (a string of
// JSON) and waited_ms. The function returns a list of positions: the first size of them are one match, the next size
// another. Or it returns a list of matches, each with such positions as tickets and whatever else it likes, up to 1 KiB
// of JSON, which is Match.Data: {tickets = {1, 2}, region = "eu"}. A ticket that it leaves out keeps waiting. It sees at
// most Config.Limit tickets at once, and only copies of them. For instance, best against best:
//
//	return function(batch, size)
//	  local order = {}
//	  for i = 1, batch.n do order[i] = i end
//	  table.sort(order, function(a, b) return (batch[a].rating or 0) > (batch[b].rating or 0) end)
//	  for i = batch.n, batch.n - batch.n % size + 1, -1 do order[i] = nil end
//	  return order
//	end
//
// A policy that fails, runs too long or returns anything else is replaced by FIFO, in that queue, until the first window
// that is at least 30 s later: see PolicyError.
type Policy struct {
	name   string
	source string // of a policy of your own
}

// FIFO matches the oldest tickets with each other. It leaves at most size-1 tickets of a queue.
func FIFO() Policy { return Policy{name: rules.ByOrder} }

// Random shuffles the batch. Of more than Config.Limit tickets, only that many at once.
func Random() Policy { return Policy{name: rules.ByChance} }

// LuaPolicy is a policy of your own, of at most 16 KiB. It computes, and no
// more: it can use type, tostring, tonumber, ipairs, pairs, next, select, unpack, error, assert, pcall, string, math
// (without randomseed), table (insert, remove, sort, concat) and cjson (decode, null). Other names are nil, until it
// assigns them, and forgotten after the batch. A batch may take 20,000 steps: a round of a loop or a call of a function
// is one, a search for a pattern may be many. A string that it makes has at most 16 KiB.
func LuaPolicy(name, source string) Policy { return Policy{name, source} }
