-- nodes: the nodes whose lease runs. READS. O(nodes).
-- KEYS[1] nodes  KEYS[2] what nodes say
-- ARGV none
-- RETURN a list of three a node: name, when the lease ends (ms), what it says

local call = redis.call
--@include lib/time.lua

local now = now_ms(call("TIME"))
local reply = {}
local rows = call("ZRANGEBYSCORE", KEYS[1], "(" .. now, "+inf", "WITHSCORES", "LIMIT", 0, 1000)
for i = 1, #rows, 2 do
  reply[#reply + 1] = rows[i]
  reply[#reply + 1] = tonumber(rows[i + 1])
  reply[#reply + 1] = call("HGET", KEYS[2], rows[i]) or ""
end
return reply
