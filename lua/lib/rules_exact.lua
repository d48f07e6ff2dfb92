--@include lib/rules_weigh.lua

-- The best pairs of a few tickets (at most 10), of any permitted pairs: of the first one, with each that it may meet or
-- with none, and then of the others. What is taken of those is remembered, with the best that can follow.

-- best_from: the weight of the best pairs from rank i on. taken has a bit for each rank from i on.
local function best_from(search, i, taken)
  if i >= search.m then
    return 0
  end
  local key = i * 1024 + taken
  local known = search.best[key]
  if known then
    return known
  end
  local rest = math.floor(taken / 2)
  local best, pick = best_from(search, i + 1, rest), 0
  if taken % 2 == 0 then
    local bit, weights = 1, search.weights[i]
    for d = 1, search.m - i do
      if weights[d] and math.floor(rest / bit) % 2 == 0 then
        local weight = weights[d] + best_from(search, i + 1, rest + bit)
        if weight > best then
          best, pick = weight, d
        end
      end
      bit = bit * 2
    end
  end
  search.best[key], search.pick[key] = best, pick
  return best
end

-- pair_exactly: note the best pairs of the m tickets in order in mates.
local function pair_exactly(batch, order, m, mates)
  local search = { m = m, weights = {}, best = {}, pick = {} }
  for i = 1, m - 1 do
    search.weights[i] = {}
    for d = 1, m - i do
      search.weights[i][d] = batch.weigh(order[i], order[i + d])
    end
  end
  best_from(search, 1, 0)
  local taken = 0
  for i = 1, m - 1 do
    local d = search.pick[i * 1024 + taken]
    taken = math.floor(taken / 2)
    if d > 0 then
      mates[order[i]], mates[order[i + d]] = order[i + d], order[i]
      taken = taken + 2 ^ (d - 1)
    end
  end
end
