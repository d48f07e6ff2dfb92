-- Where the partner of a ticket may be.

-- reach_of: how far away the partner of a ticket may be. With oldest the partner's limit may be the wider one.
local function reach_of(batch, i)
  local primary = batch.primary
  if not primary or primary.value[i] == nil or primary.rule.oldest then
    return math.huge
  end
  return primary.limit[i]
end

-- span: the first and the last rank of tickets within reach of the one at a rank. Those without a number come last.
local function span(batch, order, m, rank)
  local reach, low, high = reach_of(batch, order[rank]), rank, rank
  if reach == math.huge then
    return 1, m
  end
  local values = batch.primary.value
  local own = values[order[rank]]
  while low > 1 and own - values[order[low - 1]] <= reach do
    low = low - 1
  end
  while high < m and (values[order[high + 1]] or own) - own <= reach do
    high = high + 1
  end
  return low, high
end

-- stretches: a number for each rank. No ticket of a stretch reaches the next one, so no pair is of two stretches.
local function stretches(batch, order, m)
  local stretch, count, farthest, values = {}, 1, math.huge, batch.primary and batch.primary.value
  for r = 1, m do
    local i = order[r]
    local reach, value = reach_of(batch, i), values and values[i]
    if value and value > farthest then
      count, farthest = count + 1, -math.huge
    elseif r == 1 then
      farthest = -math.huge
    end
    stretch[r] = count
    if reach == math.huge or value + reach > farthest then
      farthest = value and value + reach or math.huge
    end
  end
  return stretch
end

-- candidates: the other tickets within reach of the one at a rank, the nearest first; without a distance the oldest.
local function candidates(batch, order, m, rank)
  local list, values = {}, batch.primary and batch.primary.value
  local own, first, last = values and values[order[rank]], span(batch, order, m, rank)
  local low, high = rank - 1, rank + 1
  if not own then
    low, high = 0, 1
  end
  while low >= first or high <= last do
    local below, above = math.huge, math.huge
    if low >= first then
      below = own - values[order[low]]
    end
    if high <= last and own then
      above = (values[order[high]] or math.huge) - own
    end
    if low >= first and below <= above then
      list[#list + 1] = order[low]
      low = low - 1
    else
      if high ~= rank then
        list[#list + 1] = order[high]
      end
      high = high + 1
    end
  end
  return list
end
