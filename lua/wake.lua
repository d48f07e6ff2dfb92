-- wake: have queues visited in their next window, whatever their score says. WRITES. O(queues). Safe to repeat.
-- KEYS[1] meta  KEYS[2] due
-- ARGV[1] fingerprint  ARGV[2] interval_ms  ARGV[3..] two a queue: queue, phase_ms
-- RETURN {"ok"} or {"config", stored}
--
-- For when Redis's clock was set back: scores of the time before lie too far ahead.

local call = redis.call
--@include lib/time.lua

local fingerprint, interval = ARGV[1], tonumber(ARGV[2])
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local now = now_ms(call("TIME"))
local rows = {}
for i = 3, #ARGV, 2 do
  rows[#rows + 1] = window_from(now + 1, interval, tonumber(ARGV[i + 1]))
  rows[#rows + 1] = ARGV[i]
end
if #rows > 0 then
  call("ZADD", KEYS[2], "XX", "LT", unpack(rows))
end
return { "ok" }
