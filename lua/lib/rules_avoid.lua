--@include lib/rules_values.lua

-- Players who must not meet.

local exact = 2 ^ 53 -- greater integers may stand for others

-- positions_of: the positions of tickets by player. Ids of players may be integers in a list.
local function positions_of(tickets, n)
  local at = {}
  for i = 1, n do
    local player = tickets[i].player
    local number = tonumber(player)
    at[player] = i
    if number and math.abs(number) < exact and string.format("%.0f", number) == player then
      at[number] = i
    end
  end
  return at
end

-- keep_apart: note that a ticket avoids each of the first most players of a list, and they it.
local function keep_apart(batch, view, i, players, most, at)
  for k = 1, math.min(most, #players, max_listed) do
    local j = at[players[k]]
    local pair, other = j and i * batch.n + j, j and j * batch.n + i
    if j and not view.avoids[pair] then
      view.avoids[pair], view.avoids[other], batch.avoided[pair], batch.avoided[other] = true, true, true, true
      view.count = view.count + 1
    end
  end
end

-- avoided_by: the players that a ticket avoids: a list, or one.
local function avoided_by(rule, ticket)
  if rule.attribute then
    return ticket.attributes and ticket.attributes[rule.attribute]
  end
  return ticket.recent
end

-- view_avoided: read an avoid rule.
local function view_avoided(batch, view, tickets)
  local rule, at = view.rule, batch.positions or positions_of(tickets, batch.n)
  view.avoids, view.count, batch.positions = {}, 0, at
  for i = 1, batch.n do
    local value = avoided_by(rule, tickets[i])
    if type(value) == "table" then
      keep_apart(batch, view, i, value, rule.last or #value, at)
    elseif type(value) == "string" then
      keep_apart(batch, view, i, { value }, 1, at)
    end
  end
  if view.count > 0 then
    batch.avoiding[#batch.avoiding + 1] = view
  end
end

-- apart: whether one of two tickets avoids the other.
local function apart(batch, view, i, j)
  return view.avoids[i * batch.n + j]
end

-- conflict: whether a rule that counts keeps two tickets apart; also whether one would that is optional for both.
local function conflict(batch, i, j)
  local avoiding, waived, pair = batch.avoiding, false, i * batch.n + j
  for v = 1, #avoiding do
    local view = avoiding[v]
    if view.avoids[pair] then
      local ready = view.ready
      if not (ready and ready[i] and ready[j]) then
        return true, false
      end
      waived = true
    end
  end
  return false, waived
end
