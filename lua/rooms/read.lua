-- read: read rooms. READS. O(rooms).
-- KEYS timers
-- KEYS for each row: room_key
-- ARGV for each row: room
-- RETURN {now_ms, for each room {version, document, when it is to be woken (ms, 0: never)}, or {} if there is none}

--@include lib/time.lua

local reply, wakes = { now_ms(call("TIME")) }, call("ZMSCORE", timers, all(room))
for row = 1, rows do
  local found = call("HMGET", room_key[row], "version", "doc")
  reply[row + 1] = found[2] and { tonumber(found[1]), found[2], tonumber(wakes[row] or 0) } or {}
end
return reply
