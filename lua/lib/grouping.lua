--@include lib/data.lua

-- nobody: the policy of a paused queue.
local function nobody()
  return 0
end

-- flatten: the positions in a list of matches, and the data of each that has some, by its number. told has the data, if
-- the policy is one of our own. Also an error.
local function flatten(matches, size, told)
  local order, data = {}, told or {}
  for nth = 1, #matches do
    local match = matches[nth]
    local positions = type(match) == "table" and match.tickets
    if type(positions) ~= "table" or #positions ~= size then
      return nil, nil, "match " .. nth .. " must have tickets, a list of " .. size .. " batch positions"
    end
    for i = 1, size do
      order[#order + 1] = positions[i]
    end
    if not told then
      local text, problem = data_text(match)
      if problem then
        return nil, nil, "match " .. nth .. ": " .. problem
      end
      data[nth] = text
    end
  end
  return order, data, nil
end

-- group: let a policy group a batch for matches of made.size. Appends id, record of the grouped tickets to made.lines,
-- and the data of matches, by their number there, to made.data. Returns the positions it took, how many, and an error
-- if it failed and so grouped nobody: a policy must list different positions of the batch, made.size of them for each
-- match, or matches with such positions as tickets. One of our own may return how many of the oldest tickets it takes:
-- the positions are then that number; or matches, and the data of each as text.
local function group(policy, batch, made)
  local size, lines = made.size, made.lines
  local ok, order, told = pcall(policy, batch, size)
  local ids, records, before, data = batch.ids, batch.records, #lines, nil
  if ok and type(order) == "number" then
    for i = 1, order do
      lines[before + 2 * i - 1], lines[before + 2 * i] = ids[i], records[i]
    end
    return order, order, nil
  elseif not ok then
    return 0, 0, tostring(order)
  elseif type(order) == "table" and type(order[1]) == "table" then
    local problem
    order, data, problem = flatten(order, size, told)
    if problem then
      return 0, 0, problem
    end
  end
  if type(order) ~= "table" or #order % size ~= 0 then
    return 0, 0, "a policy must return a list of batch positions, " .. size .. " for each match, or a list of matches"
  end
  local taken = {}
  for i = 1, #order do
    local position = order[i]
    local id = ids[position]
    if not id or taken[position] then
      for line = #lines, before + 1, -1 do
        lines[line] = nil
      end
      return 0, 0, "position " .. tostring(position) .. " is not in the batch, or is listed twice"
    end
    taken[position] = true
    lines[before + 2 * i - 1], lines[before + 2 * i] = id, records[position]
  end
  local places = before / 2 / size
  for nth = 1, data and #order / size or 0 do
    if data[nth] then
      made.data = made.data or {}
      made.data[places + nth] = data[nth]
    end
  end
  return taken, #order, nil
end
