--@include lib/rules_weigh.lua
--@include lib/rules_near.lua
--@include lib/rules_four.lua

-- The best pairs among tickets at most k ranks apart. From the last rank to the first, f(i, taken) is the weight of the
-- best pairs from rank i on, where taken has a bit for each of the k ranks from i on: the lowest is that of i.
--   f(i, taken) = f(i + 1, taken / 2) if i is taken, else the best of that and, for each d that is not taken,
--                 weight(i, i + d) + f(i + 1, taken / 2 with i + d taken)

-- free_masks: for each distance the masks, halved, in which a ticket and the one so many ranks behind it are not taken.
local function free_masks(k)
  local half, free = 2 ^ (k - 1), {}
  for d = 1, k do
    local bit, list = 2 ^ (d - 1), {}
    for mask = 0, half - 1 do
      if math.floor(mask / bit) % 2 == 0 then
        list[#list + 1] = mask
      end
    end
    free[d] = list
  end
  return free, half
end

-- weigh_behind: fill in the weights of a ticket with those up to k ranks behind it; nil where they may not meet.
local function weigh_behind(batch, order, i, k, weights)
  local weigh, own, values, near_by = batch.weigh, order[i], batch.primary and batch.primary.value, true
  local reach = reach_of(batch, own)
  local bounded = reach < math.huge and values[own]
  for d = 1, k do
    local j, weight = order[i + d], nil
    local value = bounded and j and values[j]
    if value and value - bounded > reach then
      near_by = false -- those behind it are farther away
    end
    if j and near_by then
      weight = weigh(own, j)
    end
    weights[d] = weight
  end
end

-- fill_row: f(i, …) from f(i + 1, …). picks has, for each mask with an even one of i, the distance of the partner.
local function fill_row(row, below, weights, k, half, free, picks, base)
  for mask = 0, half - 1 do
    local weight, even = below[mask], 2 * mask
    row[even], row[even + 1] = weight, weight
  end
  for d = 1, k do
    local weight = weights[d]
    if weight then
      local bit, masks = 2 ^ (d - 1), free[d]
      for at = 1, #masks do
        local mask = masks[at]
        local sum, even = weight + below[mask + bit], 2 * mask
        if sum > row[even] then
          row[even], picks[base + mask] = sum, d
        end
      end
    end
  end
end

-- pair_by_window: note the best pairs of the m tickets in order, at most k ranks apart, in mates.
local function pair_by_window(batch, order, m, k, mates)
  local free, half = free_masks(k)
  local row, below, picks, weights = {}, {}, {}, {}
  for mask = 0, 2 * half - 1 do -- in this order: a table that is filled otherwise is slower in Lua
    below[mask], row[mask] = 0, 0
  end
  for at = 1, m * half do
    picks[at] = 0
  end
  for i = m - 1, 1, -1 do
    weigh_behind(batch, order, i, k, weights)
    if k == 4 then
      fill_four(row, below, weights, picks, i * half)
    else
      fill_row(row, below, weights, k, half, free, picks, i * half)
    end
    local filled = row
    row = below
    below = filled
  end
  local taken = 0
  for i = 1, m - 1 do
    local rest = math.floor(taken / 2)
    local d = taken % 2 == 0 and picks[i * half + rest] or 0
    if d > 0 then
      mates[order[i]], mates[order[i + d]] = order[i + d], order[i]
      rest = rest + 2 ^ (d - 1)
    end
    taken = rest
  end
end
