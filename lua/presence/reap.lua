-- reap: count the players of a dead node as away, for a grace that is over. WRITES. O(limit). Safe to repeat.
-- WHEN FULL goes on
-- GUARDED leases blind_span
-- KEYS meta online away nodes node_info node_players
-- ARGV node #limit
-- RETURN {"ok", more} or {"config", stored}
--
-- A lease is longer than the grace, so the players of the node had that time to come back elsewhere. While no node has
-- a lease, or blind_span lasts, nothing is known, and nobody is given up.

--@include lib/time.lua
--@include lib/blind.lua
--@include lib/presence.lua

local now = now_ms(call("TIME"))
local lease = tonumber(call("ZSCORE", nodes, node) or 0)
if lease > now or tonumber(leases or 0) <= now or blind_until(blind_span, now) then
  return { "ok", 0 }
end
local players = call("SPOP", node_players, limit)
if #players > 0 then
  local before, values, ends = call("HMGET", online, unpack(players)), {}, {}
  for i, player in ipairs(players) do
    local value = before[i]
    if is_connected(value) and node_of(value) == node then
      values[#values + 1] = player
      values[#values + 1] = away_value(value, now)
      ends[#ends + 1] = now
      ends[#ends + 1] = player
    end
  end
  if #values > 0 then
    call("HSET", online, unpack(values))
    call("ZADD", away, unpack(ends))
  end
end
if #players == limit then
  return { "ok", 1 }
end
call("ZREM", nodes, node)
call("HDEL", node_info, node)
return { "ok", 0 }
