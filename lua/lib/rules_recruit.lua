--@include lib/rules_teams.lua
--@include lib/rules_near.lua
--@include lib/rules_order.lua

-- Where sets, regions or opponents decide, ranks say little: tickets that are left over gather others that are, the
-- oldest first, each the nearest ones that fit those already gathered. batch.work bounds it.

-- recruit: gather a group around the ticket at a rank.
local function recruit(batch, order, m, rank, mates)
  local members, near_first = { order[rank] }, candidates(batch, order, m, rank)
  for c = 1, #near_first do
    local j = near_first[c]
    if not mates[j] then
      members[#members + 1] = j
      batch.work = batch.work - #members
      if batch.work < 0 or not weigh_team(batch, members, #members) then
        members[#members] = nil
      end
      if #members == batch.size then
        team_up(members, mates)
        return
      end
    end
  end
end

-- team_part: note the groups of one part of the batch in mates.
local function team_part(batch, part, mates)
  local order, m, rank = in_rank_order(batch, part), #part, {}
  team_neighbours(batch, order, m, mates)
  for r = 1, m do
    rank[order[r]] = r
  end
  for p = 1, m do
    if not mates[part[p]] then
      recruit(batch, order, m, rank[part[p]], mates)
    end
  end
end
