-- room: read a room. READS. O(1).
-- KEYS[1] room
-- RETURN {now_ms, version, document}, or {now_ms} if there is no such room

local call = redis.call
--@include lib/time.lua

local now = now_ms(call("TIME"))
local room = call("HMGET", KEYS[1], "version", "doc")
if not room[2] then
  return { now }
end
return { now, tonumber(room[1]), room[2] }
