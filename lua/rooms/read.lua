-- read: read rooms. READS. O(rooms).
-- KEYS for each row: room_key
-- RETURN {now_ms, for each room {version, document}, or {} if there is none}

--@include lib/time.lua

local reply = { now_ms(call("TIME")) }
for row = 1, rows do
  local room = call("HMGET", room_key[row], "version", "doc")
  reply[row + 1] = room[2] and { tonumber(room[1]), room[2] } or {}
end
return reply
