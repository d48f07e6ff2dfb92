-- configure: agree on the settings that all nodes of a namespace share. WRITES. O(1). Safe to repeat.
-- WHEN FULL goes on
-- KEYS meta counters
-- ARGV fingerprint
-- RETURN {"ok"}, or {"config", stored} if others are in force and tickets live by them

local stored = call("HGET", meta, "config")
if stored and stored ~= fingerprint then
  local totals = call("HMGET", counters, "enqueued", "matched", "cancelled", "expired")
  local live = (totals[1] or 0) - (totals[2] or 0) - (totals[3] or 0) - (totals[4] or 0)
  if live > 0 then
    return { "config", stored }
  end
end
local time = call("TIME")
call("HSET", meta, "config", fingerprint)
call("HSETNX", meta, "born", time[1] .. "." .. time[2]) -- tells a Redis that came back empty from the old one
return { "ok" }
