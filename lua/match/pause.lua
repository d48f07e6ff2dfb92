-- pause: let a queue refuse newcomers and form no matches, or end that. WRITES. O(1). Safe to repeat.
-- WHEN FULL goes on
-- RULED
-- KEYS meta due
-- ARGV queue ?pausing #interval_ms #phase_ms
-- RETURN {"ok"} or {"stale", version}
--
-- meta counts the paused queues, so that scripts need not ask for each of theirs while there are none.

--@include lib/time.lua

local now = now_ms(call("TIME"))
if pausing then
  if call("HSETNX", meta, "paused:" .. queue, now) == 1 then
    call("HINCRBY", meta, "paused", 1)
  end
  return { "ok" }
end
if call("HDEL", meta, "paused:" .. queue) == 1 and call("HINCRBY", meta, "paused", -1) == 0 then
  call("HDEL", meta, "paused")
end
call("ZADD", due, "XX", "LT", window_from(now + 1, interval_ms, phase_ms), queue)
return { "ok" }
