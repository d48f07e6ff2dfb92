--@include lib/entry.lua

-- give_up: end the tickets of some lines as cancelled. Returns the outcomes stored: id, outcome, …
local function give_up(tickets, events, counters, now, reason, lines)
  local outcomes = {}
  if #lines > 0 then
    finish(events, now, "cancelled", 1, reason, lines, outcomes)
    redis.call("HSET", tickets, unpack(outcomes))
    redis.call("HINCRBY", counters, "cancelled", #outcomes / 2)
  end
  return outcomes
end
