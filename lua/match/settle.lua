-- settle: end the proposals whose deadline has passed. WRITES. O(limit). Safe to repeat: a settled one is not open.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta tickets due events counters tombstones held proposals deadlines
-- ARGV #interval_ms #ready_ms #limit (proposals)
-- RETURN {"ok", settled, more} or {"config", stored}
--
-- Players who accepted wait again, with their place and their time of enqueueing; the others are cancelled. A deadline
-- further ahead than ready_ms was set before the clock was set back: it is set anew.

--@include lib/time.lua
--@include lib/proposal.lua

local k = {
  tickets = tickets, due = due, events = events, counters = counters, tombstones = tombstones, held = held,
  proposals = proposals, deadlines = deadlines,
}
local now = now_ms(call("TIME"))
local latest = now + ready_ms

local over = call("ZRANGEBYSCORE", deadlines, "-inf", now, "LIMIT", 0, limit)
for _, match in ipairs(over) do
  time_out(k, interval_ms, now, match, open_proposal(call("HGET", proposals, match)))
end
local ahead = #over < limit and call("ZRANGEBYSCORE", deadlines, "(" .. latest, "+inf", "LIMIT", 0, limit - #over) or {}
for _, match in ipairs(ahead) do
  local p = open_proposal(call("HGET", proposals, match))
  p.deadline = latest
  call("HSET", proposals, match, proposal_value(p))
  call("ZADD", deadlines, latest, match)
end
return { "ok", #over, #over + #ahead == limit and 1 or 0 }
