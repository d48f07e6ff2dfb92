-- online: where players are connected. READS. O(players).
-- KEYS online nodes
-- ARGV for each row: player
-- RETURN each player's value in the online hash, "" for a player who is not online

--@include lib/time.lua
--@include lib/presence.lua

local now = now_ms(call("TIME"))
local values = call("HMGET", online, all(player))
local leases = leases_of(nodes, values, 1, rows)
for row = 1, rows do
  if is_gone(values[row], now, leases) then
    values[row] = ""
  end
end
return values
