-- rooms_of: the rooms in which players have a seat. READS. O(players x limit).
-- KEYS for each row: seats
-- ARGV #limit (rooms a player)
-- RETURN {rooms…} of each player, those that are kept longest first

--@include lib/time.lua

local now = now_ms(call("TIME"))
local reply = {}
for row = 1, rows do
  reply[row] = call("ZREVRANGEBYSCORE", seats[row], "+inf", "(" .. now, "LIMIT", 0, limit)
end
return reply
