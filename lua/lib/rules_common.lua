-- The elements that members of a group share.

-- all_ready: whether a rule is optional for the first count members.
local function all_ready(view, members, count)
  for m = 1, view.loose and count or 0 do
    if not view.ready[members[m]] then
      return false
    end
  end
  return view.loose
end

-- extent: the gap among members, nil if one has no number, and their limit.
local function extent(view, members, count)
  local values, limits, oldest, missing = view.value, view.limit, view.rule.oldest or false, false
  local low, high, allowed = math.huge, -math.huge, limits[members[1]]
  for m = 1, count do
    local value, limit = values[members[m]], limits[members[m]]
    if not value then
      missing = true
    else
      low = value < low and value or low
      high = value > high and value or high
    end
    if limit > allowed == oldest then
      allowed = limit
    end
  end
  return not missing and high - low or nil, allowed
end

-- comes_first: whether a name is the lesser one, byte by byte: how < compares them depends on a server's locale.
local function comes_first(a, b)
  for at = 1, math.min(#a, #b) do
    local x, y = string.byte(a, at), string.byte(b, at)
    if x ~= y then
      return x < y
    end
  end
  return #a < #b
end

-- worst_of: the highest latency of members in a region, 0 for an element of sets; nil if one does not accept it.
local function worst_of(view, members, count, element)
  local worst = 0
  for m = 1, count do
    local value = view.has[members[m]][element]
    if not value then
      return nil
    elseif view.kind == "latency" and value > worst then
      worst = value
    end
  end
  return worst
end

-- common_of: the element that all members accept, and its worst latency: the region with the lowest one, or the first
-- element in the set of the first member. nil if there is none.
local function common_of(view, members, count)
  local best, lowest, list = nil, nil, view.list[members[1]]
  for k = 1, #list do
    local worst = worst_of(view, members, count, list[k])
    local equal = best and worst == lowest and view.kind == "latency"
    if worst and (not best or worst < lowest or equal and comes_first(list[k], best)) then
      best, lowest = list[k], worst
    end
  end
  return best, lowest
end
