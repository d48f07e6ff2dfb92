--@include lib/rules_permit.lua
--@include lib/rules_worth.lua

-- new_weigher: weigh(i, j), the weight of a pair of a batch; nil if the rules don't permit it, and then whether that is
-- because one avoids the other. One that a rule would forbid if it were not optional is worth no more than that it is a
-- match. Most of the work of grouping is done here: so facts of the batch are looked up once, not for each pair.
local function new_weigher(batch)
  local base, age, worth, checks, n, infinite = batch.base, batch.age, batch.worth, batch.checks, batch.n, math.huge
  local avoided, primary = batch.avoided, batch.primary
  local value, limit = primary and primary.value, primary and primary.limit
  local oldest = primary and primary.rule.oldest or false
  return function(i, j)
    local weight, forgiven = base, false
    if avoided[i * n + j] then
      local forbidden, optional = conflict(batch, i, j)
      if forbidden then
        return nil, true
      end
      forgiven = optional
    end
    if primary then
      local a, b, allowed, other = value[i], value[j], limit[i], limit[j]
      if other > allowed == oldest then
        allowed = other
      end
      local gap = a and b and a - b
      if gap and gap < 0 then
        gap = -gap
      end
      if allowed < infinite and (not gap or gap > allowed) then
        return nil, false
      end
      weight = worth(gap, allowed)
    end
    for c = 1, #checks do
      local passed = checks[c].test(checks[c].view, i, j)
      if not passed then
        return nil, false
      end
      forgiven = forgiven or passed == waived
    end
    return (forgiven and base or weight) + age[i] + age[j], false
  end
end
