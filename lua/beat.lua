-- beat: renew a node's lease. WRITES. O(1; nodes after an outage). Safe to repeat: the lease only grows.
-- KEYS[1] meta  KEYS[2] nodes  KEYS[3] what nodes say
-- ARGV[1] fingerprint  ARGV[2] node  ARGV[3] lease_ms  ARGV[4] what the node says, lease_ms first
-- ARGV[5] 1: also if the lease is over or unknown, since the node has said again who is connected
-- RETURN {"ok", 1 if it was renewed} or {"config", stored}
--
-- meta says when the newest lease ends. If that is over Redis was out of reach for all nodes, or there were none: each
-- gets another lease to come back. A lease that ends too far ahead was given before the clock was set back.

local call = redis.call
--@include lib/time.lua

local fingerprint, node, lease = ARGV[1], ARGV[2], tonumber(ARGV[3])
local meta = call("HMGET", KEYS[1], "config", "leases")
if meta[1] ~= fingerprint then
  return { "config", meta[1] or "" }
end
local now = now_ms(call("TIME"))
local mine = tonumber(call("ZSCORE", KEYS[2], node) or 0)
if mine <= now and ARGV[5] ~= "1" then
  return { "ok", 0 }
end
local out_of_reach = tonumber(meta[2] or 0) <= now
local from = out_of_reach and "-inf" or "(" .. now + lease
local rows = { now + lease, node }
for _, other in ipairs(call("ZRANGEBYSCORE", KEYS[2], from, "+inf", "LIMIT", 0, 1000)) do
  local its_lease = now + (tonumber(string.match(call("HGET", KEYS[3], other) or "", "^%d+")) or lease)
  if other ~= node and (out_of_reach or its_lease < tonumber(call("ZSCORE", KEYS[2], other))) then
    rows[#rows + 1] = its_lease
    rows[#rows + 1] = other
  end
end
call("ZADD", KEYS[2], unpack(rows))
call("HSET", KEYS[3], node, ARGV[4])
call("HSET", KEYS[1], "leases", call("ZREVRANGE", KEYS[2], 0, 0, "WITHSCORES")[2])
return { "ok", 1 }
