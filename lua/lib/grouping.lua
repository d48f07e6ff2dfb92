-- nobody: the policy of a paused queue.
local function nobody()
  return 0
end

-- group: let a policy group a batch. Appends id, record of the grouped tickets to matched. Returns the positions it
-- took, how many, and an error if it failed and so grouped nobody: a policy must list different positions of the
-- batch, size of them for each match. One of our own may return how many of the oldest tickets it takes: the positions
-- are then that number.
local function group(policy, batch, size, matched)
  local ok, order = pcall(policy, batch, size)
  local ids, records, before = batch.ids, batch.records, #matched
  if ok and type(order) == "number" then
    for i = 1, order do
      matched[before + 2 * i - 1], matched[before + 2 * i] = ids[i], records[i]
    end
    return order, order, nil
  elseif not ok then
    return 0, 0, tostring(order)
  elseif type(order) ~= "table" or #order % size ~= 0 then
    return 0, 0, "a policy must return a list of batch positions, " .. size .. " for each match"
  end
  local taken = {}
  for i = 1, #order do
    local position = order[i]
    local id = ids[position]
    if not id or taken[position] then
      for line = #matched, before + 1, -1 do
        matched[line] = nil
      end
      return 0, 0, "position " .. tostring(position) .. " is not in the batch, or is listed twice"
    end
    taken[position] = true
    matched[before + 2 * i - 1], matched[before + 2 * i] = id, records[position]
  end
  return taken, #order, nil
end
