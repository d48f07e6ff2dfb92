--@include lib/rules_permit.lua
--@include lib/rules_order.lua

-- When two tickets may first meet: all rules permit more as tickets wait, so each permits from one moment on.

-- region_time: when two tickets first accept the same region (ms from now, 0 if now).
local function region_time(view, i, j, waited, other_waited)
  local first, theirs = math.huge, view.regions[j] or {}
  for region, latency in pairs(view.regions[i] or {}) do -- a minimum: the order does not matter
    if theirs[region] then
      local own, other = grown_at(view.rule, latency) - waited, grown_at(view.rule, theirs[region]) - other_waited
      first = math.min(first, math.max(own, other, 0))
    end
  end
  return first
end

-- distance_time: when the limit between two tickets reaches their gap.
local function distance_time(view, i, j, waited, other_waited)
  local a, b = view.value[i], view.value[j]
  local at = a and b and grown_at(view.rule, math.abs(a - b)) or view.rule.optional_ms or math.huge
  if view.rule.oldest then
    return at - math.max(waited, other_waited)
  end
  return at - math.min(waited, other_waited)
end

-- rule_time: in how many ms a rule permits two tickets to meet; 0 if it does now, math.huge if never.
local function rule_time(batch, view, i, j)
  local waited, other_waited = batch.tickets[i].waited_ms, batch.tickets[j].waited_ms
  local optional = (view.rule.optional_ms or math.huge) - math.min(waited, other_waited)
  local at = math.huge
  if view.kind == "distance" then
    at = distance_time(view, i, j, waited, other_waited)
  elseif view.kind == "latency" then
    at = region_time(view, i, j, waited, other_waited)
  elseif view.kind == "avoid" then
    if not apart(batch, view, i, j) then
      at = 0
    end
  elseif view.kind == "equal" and same(view, i, j) or view.kind == "overlap" and share(view, i, j) then
    at = 0
  end
  if view.kind ~= "distance" then
    at = math.min(at, optional)
  end
  return at > 0 and at or 0
end

-- pair_time: in how many ms two tickets may meet, and the view of the rule that keeps them apart longest; nil if none.
-- A time of enough, or more, says no more than that they meet no sooner.
local function pair_time(batch, i, j, enough)
  local latest, blocking, r = 0, nil, 1
  while batch.rules[r] and latest < enough do
    local at = rule_time(batch, batch.rules[r], i, j)
    if at > latest then
      latest, blocking = at, batch.rules[r]
    end
    r = r + 1
  end
  return latest, blocking
end

-- earliest_meeting: in how many ms any two of some positions may first meet. See lib/rules.lua. Those next to each
-- other in rank are looked at first: what they find bounds how far apart others may be.
local function earliest_meeting(batch, positions)
  local n, primary, first, longest, reach = #positions, batch.primary, math.huge, 0, math.huge
  if batch.size > 2 or n > 32 then
    return nil
  end
  local order, values = in_rank_order(batch, positions), {}
  if primary then
    values = primary.value
  end
  for k = 1, n do
    longest = math.max(longest, batch.tickets[order[k]].waited_ms)
  end
  local apart_by, near_by = 1, true
  while near_by and apart_by < n do
    near_by = false
    for rank = 1, n - apart_by do
      local i, j = order[rank], order[rank + apart_by]
      -- One without a number can meet only once the rule is optional: if that is before the first, reach is infinite.
      if (values[j] or 0) - (values[i] or 0) <= reach then
        near_by = true
        local at = pair_time(batch, i, j, first)
        if at == 0 then
          return nil
        elseif at < first then
          first = at
          if primary then
            reach = limit_at(primary.rule, longest + at)
          end
        end
      end
    end
    apart_by = apart_by + 1
  end
  return first
end
