-- The online hash says of each player: <0, or when the grace ends (ms)> TAB node TAB connection TAB data. The first is
-- 0 while the connection holds; the player then is there as long as the node's lease runs.

-- online_value: what the hash says of a player.
local function online_value(until_ms, node, conn, data)
  return table.concat({ string.format("%.0f", until_ms), node, conn, data }, "\t")
end

-- away_until: when the grace of a value's player ends; 0 if they are not away.
local function away_until(value)
  return tonumber(string.match(value, "^%d+"))
end

-- is_here: whether a value is that of a player whose connection holds, as far as is known.
local function is_here(value)
  return value and string.sub(value, 1, 2) == "0\t"
end

-- node_of, conn_of: the node and the connection of a value.
local function node_of(value)
  return string.match(value, "^%d+\t([^\t]*)")
end

local function conn_of(value)
  return string.match(value, "^%d+\t[^\t]*\t([^\t]*)")
end

-- leases_of: when the leases end of the nodes that some values name; first and last are the values' numbers.
local function leases_of(nodes, values, first, last)
  local names, ends = {}, {}
  for i = first, last do
    local name = is_here(values[i]) and node_of(values[i])
    if name and ends[name] == nil then
      names[#names + 1], ends[name] = name, 0
    end
  end
  for i, score in ipairs(#names > 0 and redis.call("ZMSCORE", nodes, unpack(names)) or {}) do
    ends[names[i]] = tonumber(score or 0)
  end
  return ends
end

-- is_gone: whether a value's player is not there and has been away for too long, or was never there.
local function is_gone(value, now, ends)
  if not value then
    return true
  elseif is_here(value) then
    return ends[node_of(value)] <= now
  end
  return away_until(value) <= now
end

-- is_over: whether a grace has ended. One that ends too far ahead began before the clock was set back.
local function is_over(until_ms, now, far_ms)
  return until_ms > 0 and (until_ms <= now or until_ms > now + far_ms)
end
