-- absent: who has been away for too long, and which nodes are dead. READS. O(players returned).
-- KEYS[1] away  KEYS[2] nodes  KEYS[3] players  KEYS[4] tickets
-- ARGV[1] most players  ARGV[2] offset among them  ARGV[3] far_ms: a grace that ends later is an error of the clock
-- RETURN {now_ms, next_ms, dead nodes, node…, then three a player: player, ticket id, its value}: next_ms is when
--   there will be more of them ("": not as things stand); id and value are "" where there is none

local call = redis.call
--@include lib/time.lua

local most, offset, far = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local now = now_ms(call("TIME"))
local gone = call("ZRANGEBYSCORE", KEYS[1], "-inf", now, "LIMIT", offset, most)
if #gone == 0 then
  gone = call("ZRANGEBYSCORE", KEYS[1], "(" .. now + far, "+inf", "LIMIT", offset, most)
end
local dead = call("ZRANGEBYSCORE", KEYS[2], "-inf", now, "LIMIT", 0, 16)
local next_ms = math.huge
for _, key in ipairs({ KEYS[1], KEYS[2] }) do
  local later = call("ZRANGEBYSCORE", key, "(" .. now, "+inf", "WITHSCORES", "LIMIT", 0, 1)[2]
  next_ms = math.min(next_ms, tonumber(later or math.huge))
end
local reply = { now, next_ms < math.huge and string.format("%.0f", next_ms) or "", #dead, unpack(dead) }
if #gone == 0 then
  return reply
end
local ids = call("HMGET", KEYS[3], unpack(gone))
for i = 1, #gone do
  reply[#reply + 1] = gone[i]
  reply[#reply + 1] = ids[i] or ""
  reply[#reply + 1] = ids[i] and call("HGET", KEYS[4], ids[i]) or ""
end
return reply
