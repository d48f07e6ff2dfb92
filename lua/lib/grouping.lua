-- nobody: the policy of a paused queue.
local function nobody()
  return {}
end

-- group: let a policy group a batch. Appends id, record of the grouped tickets to matched. Returns the positions it
-- took, how many, and an error if it failed and so grouped nobody: a policy must list different positions of the batch,
-- size of them for each match.
local function group(policy, batch, size, matched)
  local ok, order = pcall(policy, batch, size)
  if not ok then
    return {}, 0, tostring(order)
  elseif type(order) ~= "table" or #order % size ~= 0 then
    return {}, 0, "a policy must return a list of batch positions, " .. size .. " for each match"
  end
  local ids, records, taken, before = batch.ids, batch.records, {}, #matched
  for i = 1, #order do
    local position = order[i]
    local id = ids[position]
    if not id or taken[position] then
      for line = #matched, before + 1, -1 do
        matched[line] = nil
      end
      return {}, 0, "position " .. tostring(position) .. " is not in the batch, or is listed twice"
    end
    taken[position] = true
    matched[before + 2 * i - 1], matched[before + 2 * i] = id, records[position]
  end
  return taken, #order, nil
end
