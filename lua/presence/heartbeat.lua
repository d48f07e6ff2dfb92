-- heartbeat: renew a node's lease. WRITES. O(1; nodes after an outage). Safe to repeat: the lease only grows.
-- WHEN FULL goes on
-- GUARDED leases
-- KEYS meta nodes node_info
-- ARGV node #lease_ms info (about the node, lease_ms first) ?anyway (also if the lease is over or unknown)
-- RETURN {"ok", 1 if it was renewed} or {"config", stored}
--
-- A node asks for a lease anyway once it has stated who is connected to it.
-- meta says when the newest lease ends. If that is over, Redis was out of reach for all nodes, or there were none: each
-- gets another lease to come back. A lease that ends too far ahead was given before the clock was set back.

--@include lib/time.lua

local now = now_ms(call("TIME"))
local mine = tonumber(call("ZSCORE", nodes, node) or 0)
if mine <= now and not anyway then
  return { "ok", 0 }
end
local out_of_reach = tonumber(leases or 0) <= now
local from = out_of_reach and "-inf" or "(" .. now + lease_ms
local renewed = { now + lease_ms, node }
for _, other in ipairs(call("ZRANGEBYSCORE", nodes, from, "+inf", "LIMIT", 0, 1000)) do
  local its_end = now + (tonumber(string.match(call("HGET", node_info, other) or "", "^%d+")) or lease_ms)
  if other ~= node and (out_of_reach or its_end < tonumber(call("ZSCORE", nodes, other))) then
    renewed[#renewed + 1] = its_end
    renewed[#renewed + 1] = other
  end
end
call("ZADD", nodes, unpack(renewed))
call("HSET", node_info, node, info)
call("HSET", meta, "leases", call("ZREVRANGE", nodes, 0, 0, "WITHSCORES")[2])
return { "ok", 1 }
