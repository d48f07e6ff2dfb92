-- connect: players are connected to a node. WRITES. O(players). Safe to repeat: it states how things are.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta online away node_players
-- KEYS for each row: mailbox
-- ARGV node channel (prefix of the nodes' channels) ?is_new (these replace others; known ones yield to those that hold)
-- ARGV for each row: player conn data
-- RETURN {"ok", two a player…} or {"config", stored}: the player's value in the online hash before ("": none), and the
--   seq of the newest message in the mailbox ("": none)
--
-- The node of a replaced connection is told by its channel, and takes the player out of its set.

--@include lib/presence.lua

local names = {}
for row = 1, rows do
  names[row] = player[row]
end
local before = call("HMGET", online, unpack(names))
local reply, here, values = { "ok" }, {}, {}
for row = 1, rows do
  local name, connection, value = names[row], conn[row], before[row]
  if is_new and is_connected(value) and not (node_of(value) == node and conn_of(value) == connection) then
    call("PUBLISH", channel .. node_of(value), table.concat({ "r", node, name, conn_of(value) }, "\t"))
  end
  if is_new or not is_connected(value) or node_of(value) == node then
    here[#here + 1] = name
    values[#values + 1] = name
    values[#values + 1] = online_value(0, node, connection, data[row])
  end
  local newest = call("XREVRANGE", mailbox[row], "+", "-", "COUNT", 1)
  reply[2 * row] = value or ""
  reply[2 * row + 1] = newest[1] and newest[1][1] or ""
end
if #here > 0 then
  call("HSET", online, unpack(values))
  call("ZREM", away, unpack(here))
  call("SADD", node_players, unpack(here))
end
return reply
