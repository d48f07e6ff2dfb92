package matchq

import "github.com/matchq/matchq/matchq/rules"

// A Policy groups a batch into matches, inside Redis.
//
// Its source is a Lua 5.1 chunk that returns a function of tickets and the size of a match. The tickets are an array, the
// oldest first, of at most 128 or Config.Limit, whichever is less. Each is a table, and a copy, with
//
//	position    its place in the array, from 1
//	id, player  texts
//	rating      a number; nil if it has none
//	attributes  those of the request, decoded; an empty table if it has none, or more than 128 arrays and objects. A null in them is cjson.null
//	waited_ms   a number
//
// The function returns a list of matches. Each has the positions of its tickets. Its other fields, up to 1 KiB of JSON,
// become Match.Data: {tickets = {1, 2}, region = "eu"}. Without such data it may return a list of positions: the
// first size of them are one match, the next size another. A ticket that it leaves out keeps waiting. For instance, best
// against best:
//
//	return function(tickets, size)
//	  local order = {}
//	  for i, ticket in ipairs(matchq.sorted(tickets, "rating")) do order[i] = ticket.position end
//	  for i = #order, #order - #order % size + 1, -1 do order[i] = nil end
//	  return order
//	end
//
// LuaPolicy says what else there is. examples/policy has a complete one; package matchqtest runs policies in tests.
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
// (without randomseed), table (insert, remove, sort, concat), cjson (decode, null) and matchq. Other names are nil, until
// it assigns them, and forgotten after the batch. A batch may take 20,000 steps: a round of a loop or a call of a function
// is one, a search for a pattern may be many. A string that it makes has at most 16 KiB.
//
// The functions of matchq do the same on each Redis:
//
//	number(ticket, name, otherwise)  the rating, or the attribute of that name if it is a number; else otherwise
//	set(ticket, name, otherwise)     the texts of an attribute, each once; one text is a set of one; else otherwise
//	gap(a, b, name)                  how far apart two tickets are, by number; nil if that is not known. name defaults to
//	                                 "rating"
//	sorted(list, key)                a copy in ascending order of key, a function of an element or a name for number; it
//	                                 defaults to "rating". Equal ones keep their order; those without a number or a text
//	                                 come last
//	limit(rule, ticket)              the limit of a distance or latency rule for a ticket, as it has grown by now; math.huge once
//	                                 the rule is optional
//	permitted(rules, a, b)           whether a rule, or each of a list, lets two tickets meet now
//	common(rule, tickets)            the element that tickets share by an overlap or latency rule, and the worst latency there;
//	                                 nil if nothing
//
// A rule is a table as in package rules, with times in ms, and is checked when it is first used; declare it outside of the
// function. Only avoid rules with last are missing:
//
//	{type = "distance", max = 50, expand = {by = 10, every_ms = 1000, to = 600}, optional_after_ms = 60000}
//	{type = "latency", attribute = "ms", max = 80, steps = {{after_ms = 20000, value = 150}}}
func LuaPolicy(name, source string) Policy { return Policy{name, source} }
