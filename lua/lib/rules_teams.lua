--@include lib/rules_avoid.lua
--@include lib/rules_worth.lua
--@include lib/rules_common.lua

-- Groups of more than two. A distance is the greatest number among them less the least, within the limit of the
-- youngest (or oldest) of them. One element or region must be common to all. No two may be in conflict.

-- passes: whether the first count members pass a check.
local function passes(view, members, count)
  if all_ready(view, members, count) then
    return true
  elseif view.kind == "distance" then
    local gap, allowed = extent(view, members, count)
    return allowed == math.huge or gap ~= nil and gap <= allowed
  elseif view.kind ~= "equal" then
    return common_of(view, members, count) ~= nil
  end
  local value = view.value[members[1]]
  for m = 2, count do
    if view.value[members[m]] ~= value then
      return false
    end
  end
  return value ~= nil
end

-- weigh_team: the weight of the first count members as a group; nil if the rules don't permit it.
local function weigh_team(batch, members, count)
  local weight = batch.base
  if batch.primary then
    local gap, allowed = extent(batch.primary, members, count)
    if allowed < math.huge and (not gap or gap > allowed) then
      return nil
    end
    weight = batch.worth(gap, allowed)
  end
  for m = 2, #batch.avoiding > 0 and count or 0 do
    for l = 1, m - 1 do
      if conflict(batch, members[l], members[m]) then
        return nil
      end
    end
  end
  for c = 1, #batch.checks do
    if not passes(batch.checks[c].view, members, count) then
      return nil
    end
  end
  for m = 1, count do
    weight = weight + batch.age[members[m]]
  end
  return weight
end

-- team_up: note a group in mates: its members, the oldest first.
local function team_up(members, mates)
  table.sort(members)
  for m = 1, #members do
    mates[members[m]] = members
  end
end

-- team_neighbours: note the best groups of tickets whose ranks follow each other.
local function team_neighbours(batch, order, m, mates)
  local best, teams = {}, {}
  for i = m + 1, m + batch.size do
    best[i] = 0
  end
  for i = m, 1, -1 do
    best[i] = best[i + 1]
    if i + batch.size - 1 <= m then
      local members = { unpack(order, i, i + batch.size - 1) }
      local weight = weigh_team(batch, members, batch.size)
      if weight and weight + best[i + batch.size] > best[i] then
        best[i], teams[i] = weight + best[i + batch.size], members
      end
    end
  end
  local i = 1
  while i <= m do
    if teams[i] then
      team_up(teams[i], mates)
    end
    i = i + (teams[i] and batch.size or 1)
  end
end
