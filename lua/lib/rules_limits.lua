-- The limit of a distance or latency rule grows with waiting time. A rule that is optional has no limit.

-- limit_at: the limit after a waiting time (ms).
local function limit_at(rule, waited)
  if rule.optional_ms and waited >= rule.optional_ms then
    return math.huge
  elseif rule.every_ms then
    local limit = rule.max + rule.by * waited / rule.every_ms
    return limit < rule.to and limit or rule.to
  end
  local limit, steps = rule.max, rule.steps
  for s = 1, steps and #steps or 0 do
    if waited >= steps[s][1] then
      limit = steps[s][2]
    end
  end
  return limit
end

-- widest: the limit that a rule grows to before it becomes optional.
local function widest(rule)
  local steps = rule.steps
  return rule.to or steps and steps[#steps][2] or rule.max
end

-- grown_at: the waiting time (ms) at which the limit has grown to a value; math.huge if it never does.
local function grown_at(rule, value)
  local at, steps = math.huge, rule.steps
  if value <= rule.max then
    return 0
  elseif rule.every_ms and value <= rule.to then
    at = math.ceil((value - rule.max) * rule.every_ms / rule.by)
    if limit_at(rule, at) < value then -- by an error of rounding
      at = at + 1
    end
  end
  for s = steps and #steps or 0, 1, -1 do
    if steps[s][2] >= value then
      at = steps[s][1]
    end
  end
  return math.min(at, rule.optional_ms or math.huge)
end
