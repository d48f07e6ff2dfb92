--@include lib/rules_batch.lua

-- Which pairs the rules permit now.

local waived = "waived" -- the result for a pair that only an optional rule forbids

-- both_ready: waived if a rule is optional for two tickets.
local function both_ready(view, i, j)
  return view.ready and view.ready[i] and view.ready[j] and waived
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
  if a and b and math.abs(a - b) <= math.min(allowed, widest(view.rule)) then
    return true
  end
  return allowed == math.huge and waived
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
    local parted = not view.loose and (kind == "overlap" or kind == "latency") and at_most_one(view, batch.n)
    if not settled and not parted then
      checks[#checks + 1] = { test = tests[kind], view = view }
    end
  end
end
