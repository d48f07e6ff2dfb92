-- disconnect: connections to a node have ended. WRITES. O(players). Safe to repeat: a grace begins once.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta online away node_players nodes node_info
-- ARGV node #grace_ms ?last (the node ends too)
-- ARGV for each row: player conn data
-- RETURN {"ok", disconnected} or {"config", stored}
--
-- A player with another connection stays connected, and only leaves the node's set if that connection is elsewhere. A
-- node that ends while somebody is left in its set keeps its lease, so that others reap it.

--@include lib/time.lua
--@include lib/presence.lua

local names = {}
for row = 1, rows do
  names[row] = player[row]
end
local over = now_ms(call("TIME")) + grace_ms
local before = rows > 0 and call("HMGET", online, unpack(names)) or {}
local elsewhere, values, ends = {}, {}, {}
for row = 1, rows do
  local name, value = names[row], before[row]
  if not value or node_of(value) ~= node then
    elsewhere[#elsewhere + 1] = name
  elseif conn_of(value) == conn[row] and is_connected(value) then
    elsewhere[#elsewhere + 1] = name
    values[#values + 1] = name
    values[#values + 1] = online_value(over, node, conn[row], data[row])
    ends[#ends + 1] = over
    ends[#ends + 1] = name
  end
end
if #values > 0 then
  call("HSET", online, unpack(values))
  call("ZADD", away, unpack(ends))
end
if #elsewhere > 0 then
  call("SREM", node_players, unpack(elsewhere))
end
if last and call("EXISTS", node_players) == 0 then
  call("ZREM", nodes, node)
  call("HDEL", node_info, node)
end
return { "ok", #values / 2 }
