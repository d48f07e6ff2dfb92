-- seats: tell in which rooms a player has a seat. READS. O(limit).
-- KEYS[1] seats of the player
-- ARGV[1] limit
-- RETURN rooms, those that are kept longest first

local call = redis.call
--@include lib/time.lua

local now = now_ms(call("TIME"))
return call("ZREVRANGEBYSCORE", KEYS[1], "+inf", "(" .. now, "LIMIT", 0, ARGV[1])
