-- arrive: say that players are connected to a node. WRITES. O(players). Safe to repeat: it says how things are.
-- KEYS[1] meta  KEYS[2] online  KEYS[3] away  KEYS[4] players of the node  KEYS[5..] outbox of each player
-- ARGV[1] fingerprint  ARGV[2] node  ARGV[3] channel: what the names of the nodes' channels begin with
-- ARGV[4] 1: these are new connections, and replace others; 0: known ones, and others prevail
-- ARGV[5..] three a player: player, connection, data
-- RETURN {"ok", two a player…} or {"config", stored}: what the online hash said before ("": nothing), and the seq of
--   the newest message in the outbox ("": none)
--
-- The node of a connection that is replaced is told by its channel. That node takes the player out of its set.

local call = redis.call
--@include lib/presence.lua

local fingerprint, node, channel, new = ARGV[1], ARGV[2], ARGV[3], ARGV[4] == "1"
local rows = #KEYS - 4
if rows < 1 or #ARGV ~= 4 + 3 * rows then
  return redis.error_reply("MATCHQ_BADARG arrive: players and arguments do not fit")
end
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local players = {}
for row = 1, rows do
  players[row] = ARGV[2 + 3 * row]
end
local before = call("HMGET", KEYS[2], unpack(players))
local reply, here, values = { "ok" }, {}, {}
for row = 1, rows do
  local player, conn, value = players[row], ARGV[3 + 3 * row], before[row]
  if new and is_here(value) and not (node_of(value) == node and conn_of(value) == conn) then
    call("PUBLISH", channel .. node_of(value), table.concat({ "r", node, player, conn_of(value) }, "\t"))
  end
  if new or not value or node_of(value) == node then
    here[#here + 1] = player
    values[#values + 1] = player
    values[#values + 1] = online_value(0, node, conn, ARGV[4 + 3 * row])
  end
  local newest = call("XREVRANGE", KEYS[4 + row], "+", "-", "COUNT", 1)
  reply[2 * row] = value or ""
  reply[2 * row + 1] = newest[1] and newest[1][1] or ""
end
if #here > 0 then
  call("HSET", KEYS[2], unpack(values))
  call("ZREM", KEYS[3], unpack(here))
  call("SADD", KEYS[4], unpack(here))
end
return reply
