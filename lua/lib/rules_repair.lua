--@include lib/rules_permit.lua
--@include lib/rules_near.lua

-- Ranks say little where sets, regions or opponents decide. So tickets that are left over look further: for the nearest
-- ticket that is left over too, then for a pair a-b such that they may have a, and another one may have b. Both are
-- bounded by batch.work, which counts down pairs that are weighed.

-- weigh_bounded: weigh, as long as there is work left.
local function weigh_bounded(batch, i, j)
  batch.work = batch.work - 1
  return batch.work >= 0 and weigh(batch, i, j) or nil
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

-- augment: give a ticket i that is left over a partner a of a pair a-b, and b another one that is left over.
local function augment(batch, i, near_first, left, mates)
  for c = 1, #near_first do
    local a = near_first[c]
    local b = mates[a]
    local gain = b and weigh_bounded(batch, i, a)
    for l = 1, gain and #left or 0 do
      local j = left[l]
      local other = j ~= i and not mates[j] and weigh_bounded(batch, b, j)
      if other and gain + other > weigh(batch, a, b) then
        mates[i], mates[a], mates[b], mates[j] = a, i, j, b
        return
      end
    end
  end
end

-- repair: improve the pairs of the m tickets in order.
local function repair(batch, order, m, mates)
  local rank, left, near_first = {}, {}, {}
  for r = 1, m do
    if not mates[order[r]] then
      rank[order[r]] = r
      left[#left + 1] = order[r]
    end
  end
  table.sort(left)
  for l = 1, #left > 1 and #left or 0 do
    near_first[l] = candidates(batch, order, m, rank[left[l]])
    if not mates[left[l]] then
      join_nearest(batch, left[l], near_first[l], mates)
    end
  end
  for l = 1, #left > 1 and #left or 0 do
    if not mates[left[l]] then
      augment(batch, left[l], near_first[l], left, mates)
    end
  end
end
