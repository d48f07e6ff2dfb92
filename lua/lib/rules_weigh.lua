--@include lib/rules_permit.lua
--@include lib/rules_worth.lua

-- weigh: the weight of a pair; nil if the rules don't permit it. One that a rule would forbid if it were not optional
-- is worth no more than that it is a match.
local function weigh(batch, i, j)
  local primary, weight, forgiven = batch.primary, batch.base, false
  if primary then
    local a, b, allowed = primary.value[i], primary.value[j], allowed_between(primary, i, j)
    local gap = a and b and math.abs(a - b)
    if allowed < math.huge and (not gap or gap > allowed) then
      return nil
    end
    weight = worth(batch, gap, allowed)
  end
  if batch.avoiding[1] then
    local forbidden, optional = conflict(batch, i, j)
    if forbidden then
      return nil
    end
    forgiven = optional
  end
  local checks = batch.checks
  for c = 1, #checks do
    local passed = checks[c].test(checks[c].view, i, j)
    if not passed then
      return nil
    end
    forgiven = forgiven or passed == waived
  end
  return (forgiven and batch.base or weight) + batch.age[i] + batch.age[j]
end
