--@include lib/data.lua
--@include lib/rules_limits.lua
--@include lib/rules_avoid.lua
--@include lib/rules_common.lua

-- What the rules did in a group is told as JSON, an object for each rule that has something to tell, its fields sorted
-- by name:
--   rule       the name of the rule
--   gap        distance: the greatest between members
--   mean_gap   distance, of more than two members: the mean of all pairs
--   common     overlap: an element of all
--   region     latency: a region of all
--   latency    latency: the worst one there (ms)
--   limit      distance, latency: the limit by then, of latency the widest of a member
--   widened    distance, latency: how much the limit had grown, if it had
--   waived     1 if the rule would forbid the group, but was optional for it
-- A function for each type returns the text of the fields before rule, and of those behind it; nil for nothing to tell.

local waived_text = ',"waived":1'

-- widened_text: how much a limit has grown.
local function widened_text(rule, limit)
  return limit > rule.max and string.format(',"widened":%.14g', limit - rule.max) or ""
end

-- mean_gap: the mean gap of all pairs of members.
local function mean_gap(view, members)
  local sum, count = 0, 0
  for m = 2, #members do
    for l = 1, m - 1 do
      sum = sum + math.abs(view.value[members[m]] - view.value[members[l]])
      count = count + 1
    end
  end
  return sum / count
end

-- tell_distance: the limit of a rule that is optional is the widest it had.
local function tell_distance(view, members)
  local gap, allowed = extent(view, members, #members)
  local limit, behind = allowed, ""
  if allowed == math.huge then
    limit = widest(view.rule)
    behind = (not gap or gap > limit) and waived_text or ""
  end
  behind = behind .. widened_text(view.rule, limit)
  if not gap then
    return string.format('"limit":%.14g,', limit), behind
  elseif #members == 2 then
    return string.format('"gap":%.14g,"limit":%.14g,', gap, limit), behind
  end
  return string.format('"gap":%.14g,"limit":%.14g,"mean_gap":%.14g,', gap, limit, mean_gap(view, members)), behind
end

local function tell_overlap(view, members)
  local element = common_of(view, members, #members)
  if not element then
    return "", waived_text
  end
  return '"common":' .. quoted(element) .. ",", ""
end

local function tell_latency(view, members)
  local region, worst = common_of(view, members, #members)
  local most = 0
  if not region then
    return "", waived_text
  end
  for m = 1, #members do
    local limit = view.limit[members[m]]
    most = math.max(most, limit == math.huge and widest(view.rule) or limit)
  end
  local before = string.format('"latency":%.14g,"limit":%.14g,"region":', worst, most)
  return before .. quoted(region) .. ",", widened_text(view.rule, most)
end

local function tell_equal(view, members)
  local value = view.value[members[1]]
  for m = 1, #members do
    if value == nil or view.value[members[m]] ~= value then
      return "", waived_text
    end
  end
  return nil, nil
end

local function tell_avoid(view, members, batch)
  for m = 2, view.loose and #members or 0 do
    for l = 1, m - 1 do
      if apart(batch, view, members[l], members[m]) then
        return "", waived_text
      end
    end
  end
  return nil, nil
end

local tells = {
  distance = tell_distance, overlap = tell_overlap, latency = tell_latency, equal = tell_equal, avoid = tell_avoid,
}

-- describe_group: the effects of the rules in a group: a list of texts, in the order of the rules.
local function describe_group(batch, members)
  local texts = {}
  for r = 1, #batch.rules do
    local view = batch.rules[r]
    local before, behind = tells[view.kind](view, members, batch)
    if before then
      texts[#texts + 1] = "{" .. before .. '"rule":' .. quoted(view.rule.name) .. behind .. "}"
    end
  end
  return texts
end
