--@include lib/rules_values.lua
--@include lib/rules_links.lua

-- Tickets that no rule lets meet, however they are grouped, are in different parts of the batch.

-- lacks: whether a rule lets a ticket meet nobody now.
local function lacks(view, i, any_free)
  if view.loose and view.ready[i] then
    return false
  elseif view.kind == "distance" then
    return view.value[i] == nil and not (view.rule.oldest and any_free)
  elseif view.kind == "equal" then
    return view.value[i] == nil
  end
  return #view.list[i] == 0
end

-- leave_out: take tickets that can meet nobody out of all parts.
local function leave_out(view, parts, n)
  local any_free, oldest = false, view.rule.oldest
  for i = 1, oldest and n or 0 do
    any_free = any_free or view.limit[i] == math.huge
  end
  for i = 1, n do
    if lacks(view, i, any_free) then
      parts[i] = 0
    end
  end
end

-- split: split parts by the values of tickets.
local function split(parts, values, n)
  local ids = new_ids()
  for i = 1, n do
    if parts[i] ~= 0 then
      parts[i] = ids(parts[i] * (2 * n + 1) + values[i])
    end
  end
end

-- partition: the parts of a batch: lists of positions in waiting order, the part with the oldest ticket first.
local function partition(batch)
  local n, parts, lists = batch.n, {}, {}
  for i = 1, n do
    parts[i] = 1
  end
  for r = 1, #batch.rules do
    local view = batch.rules[r]
    if view.kind ~= "avoid" then
      leave_out(view, parts, n)
    end
    if view.kind == "equal" and not view.loose then
      split(parts, view.value, n)
    elseif (view.kind == "overlap" or view.kind == "latency") and not view.loose then
      split(parts, linked(view, parts, n), n)
    end
  end
  local list_of = {}
  for i = 1, n do
    local part = parts[i]
    local list = list_of[part]
    if not list and part ~= 0 then
      list = {}
      list_of[part], lists[#lists + 1] = list, list
    end
    if part ~= 0 then
      list[#list + 1] = i
    end
  end
  return lists
end
