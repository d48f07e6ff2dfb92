-- Parties of three: a tank, a healer and a scout, near one server, of about the same skill. A player may offer several
-- roles. The match names each role's player, and the region: {"region": "eu", "roles": {"tank": "alice", …}}.

local roles = {"tank", "healer", "scout"}

-- The rules of meeting. Limits grow while players wait. Declared here, a rule is checked once a batch.
local skill = {type = "distance", max = 200, expand = {by = 20, every_ms = 1000, to = 1000}}
local ping = {type = "latency", attribute = "ms", max = 80, steps = {{after_ms = 20000, value = 150}}}

local most_seen = 8 -- candidates for a place: a batch may take 20,000 steps

return function(tickets, size)
  assert(size == 3, "a party has three players: set size to 3")

  -- The tickets that offer a role, the oldest first, and where the first free one stands.
  local offering = {tank = {}, healer = {}, scout = {}}
  local first = {tank = 1, healer = 1, scout = 1}
  for _, ticket in ipairs(tickets) do
    for _, role in ipairs(matchq.set(ticket, "roles", {})) do
      local line = offering[role]
      if line then line[#line + 1] = ticket end -- players may write anything
    end
  end

  local taken = {}

  local function is_offered(role)
    local line = offering[role]
    while line[first[role]] and taken[line[first[role]]] do first[role] = first[role] + 1 end
    return line[first[role]] ~= nil
  end

  -- The ticket for a role that is nearest to the first of a party, and may meet all of it; nil if there is none. Nobody
  -- may meet themself.
  local function nearest(role, party)
    local line, best, least, seen = offering[role], nil, math.huge, 0
    for i = first[role], #line do
      local ticket = line[i]
      if not taken[ticket] then
        seen = seen + 1
        if seen > most_seen then break end
        local gap = matchq.gap(party[1], ticket) or math.huge
        local permitted = gap < least
        for _, member in ipairs(party) do
          if permitted then permitted = matchq.permitted({skill, ping}, member, ticket) end
        end
        if permitted then
          best = ticket
          least = gap
        end
      end
    end
    return best
  end

  -- A match around a ticket that plays one role; nil if none comes together.
  local function gather(leader, role)
    local party, plays = {leader}, {[role] = leader.player}
    for _, other in ipairs(roles) do
      if not is_offered(other) then return nil end
    end
    for _, other in ipairs(roles) do
      if other ~= role then
        local found = nearest(other, party)
        if not found then return nil end
        party[#party + 1] = found
        plays[other] = found.player
      end
    end
    local match = {tickets = {}, region = matchq.common(ping, party), roles = plays}
    if not match.region then return nil end -- each pair has one, but not all
    for i, member in ipairs(party) do
      taken[member] = true
      match.tickets[i] = member.position
    end
    return match
  end

  local matches = {}
  for _, ticket in ipairs(tickets) do -- the longest wait comes first
    for _, role in ipairs(matchq.set(ticket, "roles", {})) do
      if offering[role] and not taken[ticket] then
        matches[#matches + 1] = gather(ticket, role)
      end
    end
  end
  return matches
end
