-- wake: visit queues in their next window, whatever their score. WRITES. O(queues). Safe to repeat.
-- WHEN FULL goes on
-- RULED
-- KEYS meta due
-- ARGV for each row: queue #interval_ms #phase_ms
-- RETURN {"ok"} or {"stale", version}
--
-- After Redis's clock was set back, or the rules were changed, older scores may lie too far ahead.

--@include lib/time.lua

local now = now_ms(call("TIME"))
local scores = {}
for row = 1, rows do
  scores[#scores + 1] = window_from(now + 1, interval_ms[row], phase_ms[row])
  scores[#scores + 1] = queue[row]
end
if rows > 0 then
  call("ZADD", due, "XX", "LT", unpack(scores))
end
return { "ok" }
