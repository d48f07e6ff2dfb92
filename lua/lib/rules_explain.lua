--@include lib/rules_time.lua

-- distance_between: how far apart two tickets are; math.huge if that is not known.
local function distance_between(batch, i, j)
  local primary = batch.primary
  local a, b = primary and primary.value[i], primary and primary.value[j]
  return a and b and math.abs(a - b) or math.huge
end

-- explain_ticket: why the ticket at a position is not matched. Returns a table with
--   candidate  the position of the ticket that it may meet first; of several the nearest, then the oldest; nil if alone
--   rule       the name of the rule that keeps the two apart longest; nil if they may meet now
--   wait_ms    in how long they may meet, 0 if now; nil if never
--   gap        how far apart the two are by the first distance rule; nil if that is not known
--   permitted  how many tickets it may meet now
-- It looks at pairs, also where more players make a match.
local function explain_ticket(rules, tickets, n, i)
  local batch = view_batch(rules, tickets, n, 2)
  local found, first, nearest = { permitted = 0 }, math.huge, math.huge
  for j = 1, n do
    if j ~= i then
      local at, blocking = pair_time(batch, i, j, math.huge)
      local gap = distance_between(batch, i, j)
      if at == 0 then
        found.permitted = found.permitted + 1
      end
      if not found.candidate or at < first or at == first and gap < nearest then
        found.candidate, found.rule, first, nearest = j, blocking and blocking.rule.name, at, gap
      end
    end
  end
  found.wait_ms = first < math.huge and first or nil
  found.gap = nearest < math.huge and nearest or nil
  return found
end
