-- configure: agree on what all nodes of a namespace must have in common. WRITES. O(1). Safe to repeat.
-- KEYS[1] meta  KEYS[2] counters
-- ARGV[1] fingerprint
-- RETURN {"ok"}, or {"config", stored} if another one is in force and tickets live by it

local fingerprint = ARGV[1]
local stored = redis.call("HGET", KEYS[1], "config")
if stored and stored ~= fingerprint then
  local totals = redis.call("HMGET", KEYS[2], "enqueued", "matched", "cancelled", "expired")
  local live = (totals[1] or 0) - (totals[2] or 0) - (totals[3] or 0) - (totals[4] or 0)
  if live > 0 then
    return { "config", stored }
  end
end
local time = redis.call("TIME")
redis.call("HSET", KEYS[1], "config", fingerprint)
redis.call("HSETNX", KEYS[1], "born", time[1] .. "." .. time[2]) -- tells a Redis that came back empty from the old one
return { "ok" }
