--@include lib/rules_weigh.lua
--@include lib/rules_near.lua

-- Ranks say little where sets, regions or opponents decide. So a ticket that is left over looks further: for the
-- nearest one that is left over too, then for one that gets it by way of pairs that change partners. batch.work bounds
-- both: it counts down pairs that are weighed.

local max_search = 1000 -- pairs that are weighed for one ticket: one without a way must not spend the work of all

-- weigh_bounded: weigh, as long as there is work left. To see that two tickets avoid each other takes a quarter of it.
local function weigh_bounded(batch, i, j)
  if batch.work < 0 then
    return nil
  end
  local weight, avoided = batch.weigh(i, j)
  batch.work = batch.work - (avoided and 0.25 or 1)
  return weight
end

-- join_nearest: pair a ticket that is left over with the nearest other one that is.
local function join_nearest(batch, i, near_first, mates)
  for c = 1, #near_first do
    local j = near_first[c]
    if not mates[j] and weigh_bounded(batch, i, j) then
      mates[i], mates[j] = j, i
      return
    end
  end
end

-- flip: pair i with j along the path by which i was reached: what was its mate goes to the ticket before, and so on.
local function flip(via, i, j, mates)
  while i do
    local before = mates[i]
    mates[i], mates[j] = j, i
    i = via[i]
    j = before
  end
end

-- expand: look from i at the pairs a-b such that i may have a, which has a rank from low to high. Note in via how b is
-- reached, in gain what the pairs of the path would weigh more.
local function expand(batch, search, i, low, high, mates)
  local order, reached, gain = search.order, search.reached, search.gain
  for r = low, high do
    local a = order[r]
    local b = mates[a]
    local weight = b and not reached[a] and not gain[b] and not gain[a] and weigh_bounded(batch, i, a)
    if weight then
      reached[a], search.via[b], gain[b] = true, i, gain[i] + weight - batch.weigh(a, b)
      search.queue[#search.queue + 1] = b
    end
  end
end

-- augment: look for a path of pairs from a ticket i that is left over to another one, such that the pairs beside them
-- weigh more, and take those.
local function augment(batch, order, m, rank, i, left, mates)
  local search = { order = order, via = {}, gain = { [i] = 0 }, reached = {}, queue = { i } }
  local at, least = 1, batch.work - max_search
  while search.queue[at] and batch.work > math.max(least, 0) do
    local x = search.queue[at]
    local low, high = span(batch, order, m, rank[x])
    for l = 1, #left do
      local j = left[l]
      local near_by = j ~= i and not mates[j] and rank[j] >= low and rank[j] <= high
      local weight = near_by and weigh_bounded(batch, x, j)
      if weight and search.gain[x] + weight > 0 then
        return flip(search.via, x, j, mates)
      end
    end
    expand(batch, search, x, low, high, mates)
    at = at + 1
  end
end

-- left_over: the tickets in order that have no mate, the oldest first, but those that are alone in their stretch: there
-- is no way for them.
local function left_over(batch, order, m, mates)
  local stretch, before, left = stretches(batch, order, m), nil, {}
  for r = 1, m do
    if not mates[order[r]] then
      if before and stretch[before] == stretch[r] then
        if left[#left] ~= order[before] then
          left[#left + 1] = order[before]
        end
        left[#left + 1] = order[r]
      end
      before = r
    end
  end
  table.sort(left)
  return left
end

-- repair: improve the pairs of the m tickets in order.
local function repair(batch, order, m, mates)
  local rank, left = {}, left_over(batch, order, m, mates)
  for r = 1, #left > 0 and m or 0 do
    rank[order[r]] = r
  end
  for l = 1, #left do
    if not mates[left[l]] and batch.work >= 0 then
      join_nearest(batch, left[l], candidates(batch, order, m, rank[left[l]]), mates)
    end
  end
  for l = 1, #left do
    if not mates[left[l]] then
      augment(batch, order, m, rank, left[l], left, mates)
    end
  end
end
