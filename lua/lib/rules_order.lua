-- in_rank_order: the positions of a part sorted by the primary distance, those without a number last; the longer wait
-- decides between equals. Numbers sort faster without a function that compares, so equal ones are put together first.
local function in_rank_order(batch, part)
  local primary, oldest, behind, numbers, count, order, n = batch.primary, {}, {}, {}, 0, {}, 0
  if not primary then
    return part
  end
  local unknown = nil
  for p = #part, 1, -1 do
    local i = part[p]
    local value = primary.value[i]
    if not value then
      behind[i] = unknown
      unknown = i
    else
      if not oldest[value] then
        count = count + 1
        numbers[count] = value
      end
      behind[i] = oldest[value]
      oldest[value] = i
    end
  end
  table.sort(numbers)
  for k = 1, count + 1 do
    local i = unknown
    if k <= count then
      i = oldest[numbers[k]]
    end
    while i do
      n = n + 1
      order[n] = i
      i = behind[i]
    end
  end
  return order
end
