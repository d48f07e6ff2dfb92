--@include lib/rules_limits.lua

local tie = 1e-6 -- the weight of what decides between equals

-- scale_weights: what makes weights comparable: the widest limit of a ticket, the longest wait. The place in line
-- decides last.
local function scale_weights(batch, matches_first)
  local n, tickets, age, wait, scale, primary = batch.n, batch.tickets, {}, 1, 0, batch.primary
  local most = primary and widest(primary.rule)
  for i = 1, n do
    local waited, limit = tickets[i].waited_ms, primary and primary.limit[i] or 0
    if waited > wait then
      wait = waited
    end
    if limit == math.huge then
      limit = most
    end
    if limit > scale then
      scale = limit
    end
  end
  for i = 1, n do
    age[i] = tie * (tickets[i].waited_ms / wait + (n - i) / n / 1000)
  end
  batch.age, batch.scale, batch.base = age, scale, matches_first and n or tie
end

-- new_worth: worth(gap, allowed), the weight of a gap under a limit: more for a group than for any better grouping, if
-- the number of matches comes first; then allowed − gap; then ties: the nearer ones. gap is nil if a number is missing.
local function new_worth(batch)
  local base, scale, most = batch.base, batch.scale, batch.primary and widest(batch.primary.rule)
  local infinite = math.huge
  return function(gap, allowed)
    if not gap then
      return base
    elseif allowed == infinite then
      allowed = most
    end
    local close = base + tie * scale / (scale + gap)
    return gap < allowed and close + (allowed - gap) / scale or close
  end
end
