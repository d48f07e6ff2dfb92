--@include lib/rules_limits.lua
--@include lib/rules_values.lua
--@include lib/rules_avoid.lua

-- A batch as the rules see it has n tickets and rules, one view a rule, by kind:
--   distance          value[i] (a number or nil), limit[i]
--   equal             value[i]
--   overlap, latency  list[i] (elements that the ticket accepts now) and has[i] (the same as keys; of latency with ms)
--   latency           limit[i], regions[i] (also those that it does not accept yet)
--   avoid             avoids[i * n + j] (whether one avoids the other) and count; avoiding of the batch has the views
--                     with any, and avoided of the batch their pairs
-- ready[i] says whether the rule is optional for a ticket; nil if for none. A rule is optional for a group if it is for
-- all of it; a distance rule has an infinite limit instead.

-- note_ready: fill in which tickets a rule is optional for. loose says whether there may be a group of such.
local function note_ready(view, tickets, n, size)
  local optional, count = view.rule.optional_ms, 0
  for i = 1, optional and n or 0 do
    if tickets[i].waited_ms >= optional then
      view.ready = view.ready or {}
      view.ready[i] = true
      count = count + 1
    end
  end
  view.loose = count >= size
end

-- accept_set: the elements that a ticket accepts.
local function accept_set(view, i, ticket)
  local list, has = read_set(view.rule, ticket) or {}, {}
  for k = 1, #list do
    has[list[k]] = true
  end
  view.list[i], view.has[i] = list, has
end

-- accept_regions: the regions that a ticket accepts: those within its limit.
local function accept_regions(view, i, ticket)
  local limit, regions, list, has = limit_at(view.rule, ticket.waited_ms), read_regions(view.rule, ticket), {}, {}
  for region, latency in pairs(regions or {}) do -- a set: the order does not matter
    if latency <= limit then
      list[#list + 1], has[region] = region, latency
    end
  end
  view.limit[i], view.regions[i], view.list[i], view.has[i] = limit, regions, list, has
end

-- view_rule: read a rule's values of all tickets.
local function view_rule(batch, rule, tickets)
  local kind, value, limit = rule.type, {}, {}
  local view = { rule = rule, kind = kind, value = value, limit = limit, list = {}, has = {}, regions = {} }
  local ids = kind == "equal" and new_ids()
  note_ready(view, tickets, batch.n, batch.size)
  if kind == "avoid" then
    view_avoided(batch, view, tickets)
    return view
  end
  for i = 1, batch.n do
    local ticket = tickets[i]
    if kind == "distance" then
      value[i], limit[i] = read_number(rule, ticket), limit_at(rule, ticket.waited_ms)
    elseif kind == "equal" then
      value[i] = read_key(rule, ticket, ids)
    elseif kind == "overlap" then
      accept_set(view, i, ticket)
    else
      accept_regions(view, i, ticket)
    end
  end
  return view
end

-- view_batch: a batch as the rules see it. size is how many tickets meet. primary is the view of the first distance
-- rule.
local function view_batch(rules, tickets, n, size)
  local batch = { n = n, size = size, tickets = tickets, rules = {}, avoiding = {}, avoided = {}, checks = {} }
  for r = 1, #rules.rules do
    local view = view_rule(batch, rules.rules[r], tickets)
    batch.rules[r] = view
    if view.kind == "distance" and not batch.primary then
      batch.primary = view
    end
  end
  return batch
end
