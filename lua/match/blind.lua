-- blind: count nobody as absent for the longest lease from now on. WRITES. O(nodes). Safe to repeat: it begins anew.
-- WHEN FULL goes on
-- KEYS meta node_info
-- ARGV #lease_ms (the least)
-- RETURN {"ok"}

--@include lib/time.lua
--@include lib/blind.lua

local now = now_ms(call("TIME"))
local longest = lease_ms
local infos = call("HGETALL", node_info)
for i = 2, #infos, 2 do
  longest = math.max(longest, tonumber(string.match(infos[i], "^%d+")) or 0)
end
local till = math.max(now + longest, blind_until(call("HGET", meta, "blind_span"), now) or 0)
call("HSET", meta, "blind_span", string.format("%.0f %.0f", now, till))
return { "ok" }
