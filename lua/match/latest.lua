-- latest: the latest tickets of players. READS. O(players).
-- KEYS players tickets
-- ARGV for each row: player
-- RETURN {now_ms, then two a player: ticket id, its value}, "" where there is none

--@include lib/time.lua

local now = now_ms(call("TIME"))
local ids = call("HMGET", players, all(player))
local known, reply = {}, { now }
for row = 1, rows do
  known[#known + 1] = ids[row] or nil
end
local values = #known > 0 and call("HMGET", tickets, unpack(known)) or {}
local next_known = 1
for row = 1, rows do
  local value = false
  if ids[row] then
    value, next_known = values[next_known], next_known + 1
  end
  reply[2 * row] = value and ids[row] or ""
  reply[2 * row + 1] = value or ""
end
return reply
