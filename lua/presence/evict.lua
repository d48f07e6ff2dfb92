-- evict: forget players who did not come back, and cancel their tickets. WRITES. O(players). Safe to repeat.
-- WHEN FULL goes on
-- GUARDED blind_span
-- KEYS meta tickets due events counters tombstones batches online away players
-- KEYS for each row: waiting passed rank
-- ARGV reason #far_ms (a grace that ends later is an error of the clock)
-- ARGV for each row: player id (of the ticket) queue ("": no ticket that waits while its player is online)
-- RETURN {"ok", evicted} or {"config", stored}
--
-- A player who is back, or has another ticket by now, is left for another call; while blind_span lasts all are.

--@include lib/time.lua
--@include lib/blind.lua
--@include lib/record.lua
--@include lib/cancel_tickets.lua
--@include lib/presence.lua
--@include lib/tombstone.lua

local now = now_ms(call("TIME"))
if blind_until(blind_span, now) then
  return { "ok", 0 }
end
local names, ids = {}, {}
for row = 1, rows do
  names[row], ids[row] = player[row], id[row]
end
local where = call("HMGET", online, unpack(names))
local latest = call("HMGET", players, unpack(names))
local values = call("HMGET", tickets, unpack(ids))

local evicted, lines, standing = {}, {}, {}
for row = 1, rows do
  if where[row] and is_over(away_until(where[row]), now, far_ms) and (latest[row] or "") == ids[row] then
    evicted[#evicted + 1] = names[row]
    if queue[row] ~= "" and expires_in_queue(values[row], queue[row] .. "\t") and while_online(values[row]) then
      standing[#standing + 1] = row
      lines[#lines + 1], lines[#lines + 2] = ids[row], values[row]
    end
  end
end
cancel_tickets(tickets, events, counters, now, reason, lines)
for _, row in ipairs(standing) do
  leave_tombstone(due, tombstones, batches, queue[row], waiting[row], passed[row], rank[row])
end
if #evicted > 0 then
  call("HDEL", online, unpack(evicted))
  call("ZREM", away, unpack(evicted))
end
return { "ok", #evicted }
