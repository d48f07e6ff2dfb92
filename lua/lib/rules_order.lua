-- in_rank_order: the positions of a part sorted by the primary distance, those without a number last; the longer wait
-- decides between equals. Numbers sort faster without a function that compares, so equal ones are put together first.
local function in_rank_order(batch, part)
  local primary, holders, numbers, order, rest = batch.primary, {}, {}, {}, {}
  if not primary then
    return part
  end
  for p = 1, #part do
    local value = primary.value[part[p]]
    local list = value and holders[value] or {}
    if not value then
      rest[#rest + 1] = part[p]
    elseif #list == 0 then
      numbers[#numbers + 1], holders[value] = value, list
    end
    list[#list + 1] = part[p]
  end
  table.sort(numbers)
  for k = 1, #numbers do
    local list = holders[numbers[k]]
    for p = 1, #list do
      order[#order + 1] = list[p]
    end
  end
  for p = 1, #rest do
    order[#order + 1] = rest[p]
  end
  return order
end
