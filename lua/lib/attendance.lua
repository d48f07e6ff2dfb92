--@include lib/record.lua
--@include lib/presence.lua

-- tied: the numbers of those of some tickets that live only while their player is online.
local function tied(records)
  local numbers = {}
  for i = 1, #records do
    if records[i] and while_online(records[i]) then
      numbers[#numbers + 1] = i
    end
  end
  return numbers
end

-- absentees: which of the tied tickets' players are gone: the set of their tickets' ids.
local function absentees(online, nodes, ids, records, numbers, now)
  local absent, players = {}, {}
  if #numbers == 0 then
    return absent
  end
  for i, number in ipairs(numbers) do
    players[i] = owner(records[number])
  end
  local values = redis.call("HMGET", online, unpack(players))
  local ends = leases_of(nodes, values, 1, #players)
  for i, number in ipairs(numbers) do
    if is_gone(values[i], now, ends) then
      absent[ids[number]] = true
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
