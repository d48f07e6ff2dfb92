-- room: read a room. READS. O(1).
-- KEYS room_key
-- RETURN {now_ms, version, document}, or {now_ms} if there is no such room

--@include lib/time.lua

local now = now_ms(call("TIME"))
local room = call("HMGET", room_key, "version", "doc")
if not room[2] then
  return { now }
end
return { now, tonumber(room[1]), room[2] }
