--@include lib/rules_values.lua
--@include lib/rules_limits.lua
--@include lib/rules_common.lua

-- Where a ticket stands among those of a batch that is too large for one call: tickets that may meet, and would meet
-- well, are close. A rank is <part> TAB <place> TAB <id>; bytes sort. The part is the same for tickets whose values
-- equal rules compare are the same. The place is the number that the first distance rule compares; without such a rule
-- the first element of a set, or the nearest region.

local unknown = "~" -- sorts behind all numbers

-- sortable: a number as text of a fixed width. Bytes sort as the numbers do, as far as eight digits tell them apart.
local function sortable(number)
  local size, exponent = math.frexp(math.abs(number))
  local digits = math.floor((2 * size - 1) * 1e8)
  if number == 0 then
    return "1000000000000"
  elseif number > 0 then
    return string.format("1%04d%08d", exponent + 1100, digits)
  end
  return string.format("0%04d%08d", 8899 - exponent, 99999999 - digits)
end

-- key_text: text for a value that an equal rule compares, the same for equal ones; nil for none.
local function key_text(value)
  if type(value) == "number" then
    return string.format("n%.17g", value + 0)
  elseif type(value) == "boolean" then
    return tostring(value)
  end
  local list = elements_of(value)
  if not list then
    return nil
  end
  table.sort(list, comes_first)
  return "=" .. table.concat(list, "\t=")
end

-- digest: a short text of fixed width for any text. Two texts with one digest are only close.
local function digest(text)
  return string.sub(redis.sha1hex(text), 1, 8)
end

-- optional_now: whether a rule is optional for a ticket.
local function optional_now(rule, ticket)
  return rule.optional_ms and ticket.waited_ms >= rule.optional_ms
end

-- favourite: the element of a set that comes first, or the region with the lowest latency; nil if there is none.
local function favourite(rule, ticket)
  local best, lowest = nil, math.huge
  if rule.type == "overlap" then
    local list = read_set(rule, ticket) or {}
    for k = 1, #list do
      if not best or comes_first(list[k], best) then
        best = list[k]
      end
    end
    return best
  end
  for region, latency in pairs(read_regions(rule, ticket) or {}) do -- a minimum with ties by name: no order
    if not best or latency < lowest or latency == lowest and comes_first(region, best) then
      best, lowest = region, latency
    end
  end
  return best
end

-- place_by: the rule that gives tickets their places; nil if none does.
local function place_by(rules)
  local first = nil
  for r = 1, #rules do
    local kind = rules[r].type
    if kind == "distance" then
      return rules[r]
    elseif not first and (kind == "overlap" or kind == "latency") then
      first = rules[r]
    end
  end
  return first
end

-- place_in_part: the place of a ticket by a rule.
local function place_in_part(rule, ticket)
  if not rule then
    return ""
  elseif rule.type == "distance" then
    local number = read_number(rule, ticket)
    return number and sortable(number) or unknown
  end
  local element = not optional_now(rule, ticket) and favourite(rule, ticket)
  return element and digest(element) or unknown
end

-- parts_of: the part of a ticket, by some equal rules, and the one among those for which they are optional too; nil if
-- none is. A ticket is in both: it may still meet those that have its values.
local function parts_of(rules, ticket)
  local own, free, optional = {}, {}, false
  for r = 1, #rules do
    local value = ticket.attributes and ticket.attributes[rules[r].attribute]
    own[r] = key_text(value) or key_text(rules[r].default) or ""
    free[r] = own[r]
    if optional_now(rules[r], ticket) then
      optional, free[r] = true, ""
    end
  end
  return digest(table.concat(own, "\n")), optional and digest(table.concat(free, "\n")) or nil
end

-- rank_tickets: scores and members for the sorted set of ranks, for tickets with some ids.
local function rank_tickets(rules, tickets, ids)
  local members, equal, by = {}, {}, place_by(rules.rules)
  for r = 1, #rules.rules do
    if rules.rules[r].type == "equal" then
      equal[#equal + 1] = rules.rules[r]
    end
  end
  for i = 1, #tickets do
    local part, free = "", nil
    if #equal > 0 then
      part, free = parts_of(equal, tickets[i])
    end
    local rest = "\t" .. place_in_part(by, tickets[i]) .. "\t" .. ids[i]
    members[#members + 1], members[#members + 2] = "0", part .. rest
    if free and free ~= part then
      members[#members + 1], members[#members + 2] = "0", free .. rest
    end
  end
  return members
end
