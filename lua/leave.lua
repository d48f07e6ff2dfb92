-- leave: say that connections to a node have ended. WRITES. O(players). Safe to repeat: a grace begins once.
-- KEYS[1] meta  KEYS[2] online  KEYS[3] away  KEYS[4] players of the node  KEYS[5] nodes  KEYS[6] what nodes say
-- ARGV[1] fingerprint  ARGV[2] node  ARGV[3] grace_ms  ARGV[4] 1: the node ends too
-- ARGV[5..] three a player: player, connection, data
-- RETURN {"ok", left} or {"config", stored}
--
-- Of a player who has another connection by now nothing changes, but for the node's set if that one is elsewhere.
-- A node that ends while somebody is left in its set keeps its lease, so that others bury it.

local call = redis.call
--@include lib/time.lua
--@include lib/presence.lua

local fingerprint, node, grace = ARGV[1], ARGV[2], tonumber(ARGV[3])
local rows = (#ARGV - 4) / 3
if rows % 1 ~= 0 then
  return redis.error_reply("MATCHQ_BADARG leave: players and arguments do not fit")
end
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local players = {}
for row = 1, rows do
  players[row] = ARGV[2 + 3 * row]
end
local over = now_ms(call("TIME")) + grace
local before = rows > 0 and call("HMGET", KEYS[2], unpack(players)) or {}
local elsewhere, values, away = {}, {}, {}
for row = 1, rows do
  local player, conn, value = players[row], ARGV[3 + 3 * row], before[row]
  if not value or node_of(value) ~= node then
    elsewhere[#elsewhere + 1] = player
  elseif conn_of(value) == conn and is_here(value) then
    elsewhere[#elsewhere + 1] = player
    values[#values + 1] = player
    values[#values + 1] = online_value(over, node, conn, ARGV[4 + 3 * row])
    away[#away + 1] = over
    away[#away + 1] = player
  end
end
if #values > 0 then
  call("HSET", KEYS[2], unpack(values))
  call("ZADD", KEYS[3], unpack(away))
end
if #elsewhere > 0 then
  call("SREM", KEYS[4], unpack(elsewhere))
end
if ARGV[4] == "1" and call("EXISTS", KEYS[4]) == 0 then
  call("ZREM", KEYS[5], node)
  call("HDEL", KEYS[6], node)
end
return { "ok", #values / 2 }
