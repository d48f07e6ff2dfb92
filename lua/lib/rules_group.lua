--@include lib/rules_exact.lua
--@include lib/rules_window.lua
--@include lib/rules_repair.lua
--@include lib/rules_partition.lua
--@include lib/rules_order.lua
--@include lib/rules_recruit.lua
--@include lib/rules_data.lua

local few = 10 -- so many are paired exactly, as long as a call has few enough

-- window_of: how many ranks apart pairs may be that a call of total tickets finds exactly: a bound of the call's work.
local function window_of(total)
  local k = 6
  while k > 2 and total * 2 ^ k > 2048 do
    k = k - 1
  end
  return k
end

-- work_for: how many pairs a batch may weigh to repair what ranks miss: few where ranks say nearly all.
local function work_for(batch)
  local avoided = 0
  for v = 1, #batch.avoiding do
    avoided = avoided + batch.avoiding[v].count
  end
  if #batch.checks == 0 and batch.primary and avoided < batch.n * batch.n / 16 then
    return 32
  end
  return 2500
end

-- pair_part: note the pairs of one part of the batch in mates.
local function pair_part(batch, part, total, mates)
  local order, m, k = in_rank_order(batch, part), #part, window_of(total)
  if m <= few and m > k + 1 and total <= 64 then
    pair_exactly(batch, order, m, mates)
  elseif m > 1 then
    pair_by_window(batch, order, m, math.min(k, m - 1), mates)
    if m > k + 1 then
      repair(batch, order, m, mates)
    end
  end
end

-- pair_up: a batch as the rules see it, and for each position that is grouped its mate, or the members of its group.
local function pair_up(rules, tickets, n, total)
  local size, mates = rules.size, {}
  local batch = view_batch(rules, tickets, n, size)
  add_checks(batch)
  scale_weights(batch, rules.matches_first)
  batch.worth = new_worth(batch)
  batch.weigh = new_weigher(batch)
  batch.work = work_for(batch) * n / total
  local parts = n >= size and partition(batch) or {}
  for p = 1, #parts do
    if size > 2 then
      team_part(batch, parts[p], mates)
    else
      pair_part(batch, parts[p], total, mates)
    end
  end
  return batch, mates
end

-- groups_of: the groups of a batch, in the order of their oldest tickets.
local function groups_of(batch, mates)
  local groups = {}
  for i = 1, batch.n do
    local members = mates[i]
    if batch.size == 2 and members and members > i then
      members = { i, members }
    end
    if type(members) == "table" and members[1] == i then
      groups[#groups + 1] = { tickets = members, data = describe_group(batch, members) }
    end
  end
  return groups
end

-- group_by_rules: the groups of a batch, in the order of their oldest tickets, and the batch. See lib/rules.lua.
local function group_by_rules(rules, tickets, n, total)
  local batch, mates = pair_up(rules, tickets, n, total)
  return groups_of(batch, mates), batch
end
