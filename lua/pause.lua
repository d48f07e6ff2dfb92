-- pause: let a queue refuse newcomers and form no matches, or end that. WRITES. O(1). Safe to repeat.
-- KEYS[1] meta  KEYS[2] due
-- ARGV[1] fingerprint  ARGV[2] queue  ARGV[3] 1: pause, 0: resume  ARGV[4] interval_ms  ARGV[5] phase_ms
-- RETURN {"ok"} or {"config", stored}
--
-- meta counts the paused queues, so that scripts need not ask for each of theirs while there are none.

local call = redis.call
--@include lib/time.lua

local fingerprint, queue, interval, phase = ARGV[1], ARGV[2], tonumber(ARGV[4]), tonumber(ARGV[5])
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local now = now_ms(call("TIME"))
if ARGV[3] == "1" then
  if call("HSETNX", KEYS[1], "paused:" .. queue, now) == 1 then
    call("HINCRBY", KEYS[1], "paused", 1)
  end
  return { "ok" }
end
if call("HDEL", KEYS[1], "paused:" .. queue) == 1 and call("HINCRBY", KEYS[1], "paused", -1) == 0 then
  call("HDEL", KEYS[1], "paused")
end
call("ZADD", KEYS[2], "XX", "LT", window_from(now + 1, interval, phase), queue)
return { "ok" }
