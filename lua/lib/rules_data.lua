--@include lib/rules_limits.lua
--@include lib/rules_avoid.lua
--@include lib/rules_common.lua

-- grown_by: how much a limit has grown; nil if it has not.
local function grown_by(rule, limit)
  return limit > rule.max and limit - rule.max or nil
end

-- distance_data: what a distance rule tells of a group. The limit of a rule that is optional is the widest it had.
local function distance_data(view, members, entry)
  local gap, allowed = extent(view, members, #members)
  entry.gap, entry.limit = gap, allowed
  if allowed == math.huge then
    entry.limit = widest(view.rule)
    entry.waived = (not gap or gap > entry.limit) and 1 or nil
  end
  entry.widened = grown_by(view.rule, entry.limit)
  local sum, count = 0, 0
  for m = 2, gap and #members > 2 and #members or 0 do
    for l = 1, m - 1 do
      sum = sum + math.abs(view.value[members[m]] - view.value[members[l]])
      count = count + 1
    end
  end
  entry.mean_gap = count > 0 and sum / count or nil
  return true
end

-- common_data: what an overlap or latency rule tells of a group.
local function common_data(view, members, entry)
  local element, worst = common_of(view, members, #members)
  if not element then
    entry.waived = 1
  elseif view.kind == "overlap" then
    entry.common = element
  else
    entry.region, entry.latency, entry.limit = element, worst, 0
    for m = 1, #members do
      local limit = view.limit[members[m]]
      entry.limit = math.max(entry.limit, limit == math.huge and widest(view.rule) or limit)
    end
    entry.widened = grown_by(view.rule, entry.limit)
  end
  return true
end

-- equal_data: an equal rule tells only that it was waived.
local function equal_data(view, members, entry)
  local value = view.value[members[1]]
  for m = 1, #members do
    if value == nil or view.value[members[m]] ~= value then
      entry.waived = 1
    end
  end
  return entry.waived
end

-- describe_group: what the rules did in a group: a list with an entry for each rule that has something to tell, in the
-- order of the rules. Each has rule (the name) and
--   distance  gap and limit (what it had grown to); of more than two members also mean_gap (the mean of all pairs)
--   overlap   common: an element of all
--   latency   region, latency (the worst one there, ms) and limit (the widest of a member)
--   limits    widened: how much the limit had grown, if it had
--   any       waived = 1 if the rule would forbid the group, but was optional for it
local function describe_group(batch, members)
  local data = {}
  for r = 1, #batch.rules do
    local view = batch.rules[r]
    local entry, tells = { rule = view.rule.name }, nil
    if view.kind == "distance" then
      tells = distance_data(view, members, entry)
    elseif view.kind == "equal" then
      tells = equal_data(view, members, entry)
    elseif view.kind ~= "avoid" then
      tells = common_data(view, members, entry)
    end
    for m = 2, view.kind == "avoid" and view.loose and #members or 0 do
      for l = 1, m - 1 do
        if apart(batch, view, members[l], members[m]) then
          entry.waived, tells = 1, true
        end
      end
    end
    if tells then
      data[#data + 1] = entry
    end
  end
  return data
end
