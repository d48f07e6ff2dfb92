-- absent: players away for longer than their grace, and dead nodes. READS. O(players returned).
-- KEYS away nodes players tickets meta
-- ARGV #limit (players) #offset (among them) #far_ms (a grace that ends later is an error of the clock)
-- RETURN {now_ms, next_ms, dead nodes, node…, then three a player: player, ticket id, its value}: next_ms is when there
--   will be more of them ("": not as things stand); id and value are "" where there is none

--@include lib/time.lua
--@include lib/blind.lua

local now = now_ms(call("TIME"))
local blind = blind_until(call("HGET", meta, "blind_span"), now)
if blind then
  return { now, string.format("%.0f", blind), 0 }
end
local gone = call("ZRANGEBYSCORE", away, "-inf", now, "LIMIT", offset, limit)
if #gone == 0 then
  gone = call("ZRANGEBYSCORE", away, "(" .. now + far_ms, "+inf", "LIMIT", offset, limit)
end
local dead = call("ZRANGEBYSCORE", nodes, "-inf", now, "LIMIT", 0, 16)
local next_ms = math.huge
for _, key in ipairs({ away, nodes }) do
  local later = call("ZRANGEBYSCORE", key, "(" .. now, "+inf", "WITHSCORES", "LIMIT", 0, 1)[2]
  next_ms = math.min(next_ms, tonumber(later or math.huge))
end
local reply = { now, next_ms < math.huge and string.format("%.0f", next_ms) or "", #dead, unpack(dead) }
if #gone == 0 then
  return reply
end
local ids = call("HMGET", players, unpack(gone))
for i = 1, #gone do
  reply[#reply + 1] = gone[i]
  reply[#reply + 1] = ids[i] or ""
  reply[#reply + 1] = ids[i] and call("HGET", tickets, ids[i]) or ""
end
return reply
