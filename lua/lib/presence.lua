-- The online hash has a value for each player: <0, or when the grace ends (ms)> TAB node TAB connection TAB data. 0
-- means that the connection holds; the player then is online as long as the node's lease runs.

-- online_value: the value of a player.
local function online_value(until_ms, node, conn, data)
  return table.concat({ string.format("%.0f", until_ms), node, conn, data }, "\t")
end

-- away_value: the value of a connected player, changed to away until a time.
local function away_value(value, until_ms)
  return string.format("%.0f", until_ms) .. string.sub(value, 2)
end

-- away_until: when the grace of a value's player ends; 0 if the connection holds.
local function away_until(value)
  return tonumber(string.match(value, "^%d+"))
end

-- is_connected: whether the connection of a value holds, as far as is known.
local function is_connected(value)
  return value and string.sub(value, 1, 2) == "0\t"
end

-- node_of, conn_of: the node and the connection of a value.
local function node_of(value)
  return string.match(value, "^%d+\t([^\t]*)")
end

local function conn_of(value)
  return string.match(value, "^%d+\t[^\t]*\t([^\t]*)")
end

-- leases_of: when the leases end of the nodes in values[first..last], by node.
local function leases_of(nodes, values, first, last)
  local names, leases = {}, {}
  for i = first, last do
    local name = is_connected(values[i]) and node_of(values[i])
    if name and leases[name] == nil then
      names[#names + 1], leases[name] = name, 0
    end
  end
  for i, score in ipairs(#names > 0 and redis.call("ZMSCORE", nodes, unpack(names)) or {}) do
    leases[names[i]] = tonumber(score or 0)
  end
  return leases
end

-- is_gone: whether a value's player was never online, or has been away for longer than the grace.
local function is_gone(value, now, leases)
  if not value then
    return true
  elseif is_connected(value) then
    return leases[node_of(value)] <= now
  end
  return away_until(value) <= now
end

-- is_over: whether a grace has ended. A grace that ends more than far_ms ahead began before the clock was set back.
local function is_over(until_ms, now, far_ms)
  return until_ms > 0 and (until_ms <= now or until_ms > now + far_ms)
end
