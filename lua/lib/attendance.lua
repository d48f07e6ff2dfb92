--@include lib/record.lua
--@include lib/presence.lua

-- tied: the positions of the tickets that live only while their player is online.
local function tied(records)
  local positions = {}
  for i = 1, #records do
    if records[i] and while_online(records[i]) then
      positions[#positions + 1] = i
    end
  end
  return positions
end

-- absentees: the ids of the tied tickets whose players are gone, as a set.
local function absentees(online, nodes, ids, records, positions, now)
  local absent, players = {}, {}
  if #positions == 0 then
    return absent
  end
  for i, position in ipairs(positions) do
    players[i] = player_of(records[position])
  end
  local values = redis.call("HMGET", online, unpack(players))
  local leases = leases_of(nodes, values, 1, #players)
  for i, position in ipairs(positions) do
    if is_gone(values[i], now, leases) then
      absent[ids[position]] = true
    end
  end
  return absent
end

-- any_between: whether one of some ascending numbers is from first to last.
local function any_between(numbers, first, last)
  for _, number in ipairs(numbers) do
    if number >= first then
      return number <= last
    end
  end
  return false
end
