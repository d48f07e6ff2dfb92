-- seats: tell in which rooms players have a seat. READS. O(players x limit).
-- KEYS[1..] seats of each player
-- ARGV[1] limit: most rooms of a player
-- RETURN {rooms…} of each player, those that are kept longest first

local call = redis.call
--@include lib/time.lua

local now = now_ms(call("TIME"))
local reply = {}
for i = 1, #KEYS do
  reply[i] = call("ZREVRANGEBYSCORE", KEYS[i], "+inf", "(" .. now, "LIMIT", 0, ARGV[1])
end
return reply
