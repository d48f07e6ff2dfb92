-- bury: count the players of a dead node as away, for a grace that is over. WRITES. O(limit). Safe to repeat.
-- KEYS[1] meta  KEYS[2] online  KEYS[3] away  KEYS[4] nodes  KEYS[5] what nodes say  KEYS[6] players of the node
-- ARGV[1] fingerprint  ARGV[2] node  ARGV[3] limit
-- RETURN {"ok", more} or {"config", stored}
--
-- A lease is longer than the grace, so whoever was connected to the node has had that time to come back elsewhere.
-- While no node has a lease nothing is known, and nobody is given up.

local call = redis.call
--@include lib/time.lua
--@include lib/presence.lua

local fingerprint, node, limit = ARGV[1], ARGV[2], tonumber(ARGV[3])
local meta = call("HMGET", KEYS[1], "config", "leases")
if meta[1] ~= fingerprint then
  return { "config", meta[1] or "" }
end
local now = now_ms(call("TIME"))
local lease = tonumber(call("ZSCORE", KEYS[4], node) or 0)
if lease > now or tonumber(meta[2] or 0) <= now then
  return { "ok", 0 }
end
local players = call("SPOP", KEYS[6], limit)
if #players > 0 then
  local before, values, away = call("HMGET", KEYS[2], unpack(players)), {}, {}
  for i, player in ipairs(players) do
    local value = before[i]
    if is_here(value) and node_of(value) == node then
      values[#values + 1] = player
      values[#values + 1] = string.format("%.0f", now) .. string.sub(value, 2)
      away[#away + 1] = now
      away[#away + 1] = player
    end
  end
  if #values > 0 then
    call("HSET", KEYS[2], unpack(values))
    call("ZADD", KEYS[3], unpack(away))
  end
end
if #players == limit then
  return { "ok", 1 }
end
call("ZREM", KEYS[4], node)
call("HDEL", KEYS[5], node)
return { "ok", 0 }
