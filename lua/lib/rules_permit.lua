--@include lib/rules_batch.lua
--@include lib/rules_worth.lua

-- Which pairs the rules permit now.

-- both_ready: whether a rule is optional for two tickets.
local function both_ready(view, i, j)
  return view.ready and view.ready[i] and view.ready[j]
end

-- share: whether two tickets accept the same element or region.
local function share(view, i, j)
  local list, has = view.list[i], view.has[j]
  for k = 1, #list do
    if has[list[k]] then
      return true
    end
  end
  return both_ready(view, i, j)
end

-- same: whether two tickets have the same value.
local function same(view, i, j)
  return view.value[i] ~= nil and view.value[i] == view.value[j] or both_ready(view, i, j)
end

-- allowed_between: the limit of a distance rule for two tickets.
local function allowed_between(view, i, j)
  local a, b = view.limit[i], view.limit[j]
  if view.rule.oldest then
    return a > b and a or b
  end
  return a < b and a or b
end

-- near: whether the numbers of two tickets are within the limit.
local function near(view, i, j)
  local a, b, allowed = view.value[i], view.value[j], allowed_between(view, i, j)
  return allowed == math.huge or a ~= nil and b ~= nil and math.abs(a - b) <= allowed
end

local tests = { equal = same, overlap = share, latency = share, distance = near }

-- at_most_one: whether no ticket accepts more than one element: then the parts of the batch say who shares it.
local function at_most_one(view, n)
  for i = 1, n do
    if #view.list[i] > 1 then
      return false
    end
  end
  return true
end

-- add_checks: the checks that a pair must pass beside conflicts, the primary distance and its partition.
local function add_checks(batch)
  local checks = batch.checks
  for r = 1, #batch.rules do
    local view = batch.rules[r]
    local kind = view.kind
    local settled = kind == "avoid" or view == batch.primary or kind == "equal" and not view.loose
    if not settled and kind ~= "equal" and kind ~= "distance" then
      settled = not view.loose and at_most_one(view, batch.n)
    end
    if not settled then
      checks[#checks + 1] = { test = tests[kind], view = view }
    end
  end
end

-- weigh: the weight of a pair; nil if the rules don't permit it.
local function weigh(batch, i, j)
  local primary, weight = batch.primary, batch.base
  if batch.conflicts[i * batch.n + j] then
    return nil
  end
  if primary then
    local a, b, allowed = primary.value[i], primary.value[j], allowed_between(primary, i, j)
    local gap = a and b and math.abs(a - b)
    if allowed < math.huge and (not gap or gap > allowed) then
      return nil
    end
    weight = worth(batch, gap, allowed)
  end
  local checks = batch.checks
  for c = 1, #checks do
    if not checks[c].test(checks[c].view, i, j) then
      return nil
    end
  end
  return weight + batch.age[i] + batch.age[j]
end
