-- wake: visit queues in their next window, whatever their score says. WRITES. O(queues). Safe to repeat.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta due
-- ARGV #interval_ms
-- ARGV for each row: queue #phase_ms
-- RETURN {"ok"} or {"config", stored}
--
-- After Redis's clock was set back, older scores lie too far ahead.

--@include lib/time.lua

local now = now_ms(call("TIME"))
local scores = {}
for row = 1, rows do
  scores[#scores + 1] = window_from(now + 1, interval_ms, phase_ms[row])
  scores[#scores + 1] = queue[row]
end
if rows > 0 then
  call("ZADD", due, "XX", "LT", unpack(scores))
end
return { "ok" }
