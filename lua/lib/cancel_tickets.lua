--@include lib/entry.lua

-- cancel_tickets: end the tickets of lines (id, record, …) as cancelled. Returns the stored id, outcome, …
local function cancel_tickets(tickets, events, counters, now, reason, lines)
  local outcomes = {}
  if #lines > 0 then
    end_tickets(events, now, { kind = "cancelled", size = 1, reason = reason }, lines, outcomes)
    redis.call("HSET", tickets, unpack(outcomes))
    redis.call("HINCRBY", counters, "cancelled", #outcomes / 2)
  end
  return outcomes
end
