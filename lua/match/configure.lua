-- configure: agree on the settings that all nodes of a namespace share. WRITES. O(1). Safe to repeat.
-- WHEN FULL goes on
-- KEYS meta counters runs
-- ARGV fingerprint #run_ms (the longest that a process in runs may count as running)
-- RETURN {"ok"}, or {"config", stored} if others are in force and tickets live by them or a process runs with them
--
-- runs has processes with the settings in force only. An end further ahead was set before the clock was set back.

--@include lib/time.lua

local time = call("TIME")
local now = now_ms(time)
local stored = call("HGET", meta, "config")
if stored and stored ~= fingerprint then
  local totals = call("HMGET", counters, "enqueued", "matched", "cancelled", "expired")
  local live = (totals[1] or 0) - (totals[2] or 0) - (totals[3] or 0) - (totals[4] or 0)
  local running = call("ZRANGEBYSCORE", runs, "(" .. now, now + run_ms, "LIMIT", 0, 1)
  if live > 0 or #running > 0 then
    return { "config", stored }
  end
end
if stored and stored ~= fingerprint then
  call("HDEL", meta, "rules") -- nodes of the old configuration must learn of the new one
end
call("HSET", meta, "config", fingerprint)
call("HSETNX", meta, "born", time[1] .. "." .. time[2]) -- tells a Redis that came back empty from the old one
return { "ok" }
