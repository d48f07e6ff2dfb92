-- Where the partner of a ticket may be.

-- reach_of: how far away the partner of a ticket may be. With oldest the partner's limit may be the wider one.
local function reach_of(batch, i)
  local primary = batch.primary
  if not primary or primary.value[i] == nil or primary.rule.oldest then
    return math.huge
  end
  return primary.limit[i]
end

-- candidates: the other tickets within reach of the one at a rank, the nearest first; without a distance the oldest.
local function candidates(batch, order, m, rank)
  local list, values = {}, batch.primary and batch.primary.value
  local own, reach = values and values[order[rank]], reach_of(batch, order[rank])
  local low, high = rank - 1, rank + 1
  if not own then
    low, high = 0, 1
  end
  while low >= 1 or high <= m do
    local below, above = math.huge, math.huge
    if own and low >= 1 then
      below = own - values[order[low]]
    end
    if high <= m then
      above = own and values[order[high]] and values[order[high]] - own or reach
    end
    if low < 1 and high > m or below > reach and above > reach then
      break
    elseif low >= 1 and below <= above then
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
