-- Players who are not to meet.

-- name_of: a player's name as lists have it: ids may be integers there.
local function name_of(player)
  return type(player) == "number" and string.format("%.0f", player) or player
end

-- keep_apart: note that a ticket is kept apart from the first most players of a list, either way round. It is a
-- conflict unless the rule is optional for both.
local function keep_apart(batch, view, i, players, most, at)
  local n, ready = batch.n, view.ready
  for k = 1, math.min(most, #players) do
    local j = at[name_of(players[k])]
    if j and j ~= i then
      view.apart = view.apart or {}
      view.apart[i * n + j], view.apart[j * n + i] = true, true
      if not (ready and ready[i] and ready[j]) then
        batch.conflicts[i * n + j], batch.conflicts[j * n + i] = true, true
      end
    end
  end
end

-- view_avoided: read an avoid rule.
local function view_avoided(batch, view, tickets, at)
  local rule = view.rule
  for i = 1, batch.n do
    local ticket = tickets[i]
    local value = ticket.recent
    if rule.attribute then
      value = ticket.attributes and ticket.attributes[rule.attribute]
    end
    if type(value) == "table" then
      keep_apart(batch, view, i, value, rule.last or #value, at)
    elseif type(value) == "string" then
      keep_apart(batch, view, i, { value }, 1, at)
    end
  end
end
