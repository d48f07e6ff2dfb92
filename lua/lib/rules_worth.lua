--@include lib/rules_limits.lua

local tie = 1e-6 -- the weight of what decides between equals

-- scale_weights: what makes weights comparable: the widest limit of a ticket, the longest wait. The place in line
-- decides last.
local function scale_weights(batch, matches_first)
  local wait, scale, primary = 1, 0, batch.primary
  for i = 1, batch.n do
    wait = math.max(wait, batch.tickets[i].waited_ms)
    if primary then
      local limit = primary.limit[i]
      scale = math.max(scale, limit == math.huge and widest(primary.rule) or limit)
    end
  end
  batch.age, batch.scale = {}, scale
  for i = 1, batch.n do
    batch.age[i] = tie * (batch.tickets[i].waited_ms / wait + (batch.n - i) / batch.n / 1000)
  end
  batch.base = matches_first and batch.n or tie
end

-- worth: the weight of a gap under a limit: more for a group than for any better grouping, if the number of matches
-- comes first; then allowed − gap; then ties: the nearer ones. gap is nil if a number is missing.
local function worth(batch, gap, allowed)
  local scale = batch.scale
  if not gap then
    return batch.base
  end
  local close = batch.base + tie * scale / (scale + gap)
  if allowed == math.huge then
    allowed = widest(batch.primary.rule)
  end
  return gap < allowed and close + (allowed - gap) / scale or close
end
