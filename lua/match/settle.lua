-- settle: end the proposals whose deadline has passed. WRITES. O(limit). Safe to repeat: a settled one is not open.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta tickets due events counters tombstones held proposals deadlines
-- ARGV #limit (tickets; but one proposal in any case)
-- RETURN {"ok", settled, more} or {"config", stored}
--
-- Players who accepted wait again, with their place and their time of enqueueing; the others are cancelled.

--@include lib/time.lua
--@include lib/proposal.lua

local k = {
  tickets = tickets, due = due, events = events, counters = counters, tombstones = tombstones, held = held,
  proposals = proposals, deadlines = deadlines,
}
local now = now_ms(call("TIME"))

local over = call("ZRANGEBYSCORE", deadlines, "-inf", now, "LIMIT", 0, limit / 2)
local values = #over > 0 and call("HMGET", proposals, unpack(over)) or {}
local settled, touched = 0, 0
for i = 1, #over do
  local p = open_proposal(values[i])
  if settled > 0 and touched + #p.ids > limit then
    break
  end
  time_out(k, now, over[i], p)
  settled, touched = i, touched + #p.ids
end
return { "ok", settled, (settled < #over or #over == limit / 2) and 1 or 0 }
