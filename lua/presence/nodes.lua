-- nodes: the nodes whose lease runs. READS. O(nodes).
-- KEYS nodes node_info
-- RETURN a list of three a node: name, when the lease ends (ms), its info

--@include lib/time.lua

local now = now_ms(call("TIME"))
local reply = {}
local found = call("ZRANGEBYSCORE", nodes, "(" .. now, "+inf", "WITHSCORES", "LIMIT", 0, 1000)
for i = 1, #found, 2 do
  reply[#reply + 1] = found[i]
  reply[#reply + 1] = tonumber(found[i + 1])
  reply[#reply + 1] = call("HGET", node_info, found[i]) or ""
end
return reply
