-- alarms: tell which rooms are to be woken. READS. O(limit).
-- KEYS[1] timers
-- ARGV[1] limit
-- RETURN {ms until the next one after these, -1 if there is none; rooms…}

local call = redis.call
--@include lib/time.lua

local limit = tonumber(ARGV[1])
local now = now_ms(call("TIME"))
local found = call("ZRANGE", KEYS[1], 0, limit, "WITHSCORES")
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
