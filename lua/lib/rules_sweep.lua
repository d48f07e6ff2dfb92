--@include lib/rules_group.lua

-- A chunk of a batch that is too large for one call: tickets whose ranks follow each other. The last ranks may meet
-- better ones in the next chunk, so what concerns them is left open.

local margin = 8 -- ranks that are left open, and for larger groups two groups' worth

-- reaches: whether a ticket may meet one that comes behind the last one of the chunk. parts has the part of each.
local function reaches(batch, i, last, parts)
  if parts[i] ~= parts[last] then
    return false
  end
  local primary = batch.primary
  local rule, reach = primary and primary.rule, primary and primary.limit[i] or math.huge
  if rule and rule.oldest then
    reach = rule.optional_ms and math.huge or widest(rule)
  end
  if reach == math.huge then
    return true
  end
  local value, end_of = primary.value[i], primary.value[last]
  return value and end_of and value + reach >= end_of
end

-- members_of: the members of the group that a ticket is in, or the ticket alone.
local function members_of(mates, i)
  local mate = mates[i]
  if type(mate) == "number" then
    return { i, mate }
  end
  return mate or { i }
end

-- leave_open: take what concerns the last ranks out of mates. order has the positions by rank. Returns the positions
-- that are left open, half of the chunk at most: the last ranks and who is grouped with them, and those left over that
-- may meet tickets of the next chunk.
local function leave_open(batch, mates, order, parts)
  local n, open, count = #order, {}, 0
  local most, first_open = math.floor(n / 2), n - math.max(margin, 2 * batch.size) + 1
  for r = n, 1, -1 do
    local i = order[r]
    local members = members_of(mates, i)
    local undecided = r >= first_open or #members == 1 and reaches(batch, i, order[n], parts)
    if undecided and not open[i] and count + #members <= most then
      count = count + #members
      for m = 1, #members do
        open[members[m]] = true
        mates[members[m]] = nil
      end
    end
  end
  return open
end

-- sweep_by_rules: the groups of a chunk, as group_by_rules returns them, and the positions that are left open. chunk
-- has the order of the positions by rank, their parts, and more: whether other chunks follow.
local function sweep_by_rules(rules, tickets, n, total, chunk)
  local batch, mates = pair_up(rules, tickets, n, total)
  local open = chunk.more and leave_open(batch, mates, chunk.order, chunk.parts) or {}
  return groups_of(batch, mates), open
end
