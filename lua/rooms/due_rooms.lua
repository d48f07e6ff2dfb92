-- due_rooms: the rooms whose wake-up is due. READS. O(limit).
-- KEYS timers
-- ARGV #limit
-- RETURN {ms until the next one after these, -1 if there is none; rooms…}

--@include lib/time.lua

local now = now_ms(call("TIME"))
local found = call("ZRANGE", timers, 0, limit, "WITHSCORES")
local reply = { -1 }
for i = 1, #found, 2 do
  local in_ms = math.max(0, found[i + 1] - now)
  if in_ms > 0 or #reply > limit then
    reply[1] = in_ms
    break
  end
  reply[#reply + 1] = found[i]
end
return reply
