--@include lib/rules.lua

-- rule_fields: the fields of a rule of a policy, by type, besides type, default and optional_after_ms.
local rule_fields = {
  distance = " attribute max expand steps age ", latency = " attribute max steps ",
  equal = " attribute ", overlap = " attribute ", avoid = " attribute ",
}

-- positive: a number of a rule, which must be more than 0.
local function positive(value, what)
  if type(value) ~= "number" or value <= 0 or value ~= value then
    error(what .. " must be a number of more than 0, not " .. tostring(value), 0)
  end
  return value
end

-- refuse_fields: refuse fields that a rule of its type does not have.
local function refuse_fields(rule)
  local fields = type(rule) == "table" and rule_fields[rule.type]
  if not fields then
    error("a rule must be a table whose type is distance, equal, overlap, latency or avoid", 0)
  end
  fields = fields .. "type default optional_after_ms "
  local name = next(rule)
  while name ~= nil do -- the order is of no account: any of the wrong fields will do
    if not string.find(fields, " " .. tostring(name) .. " ", 1, true) then
      error("a rule of the type " .. rule.type .. " has no field '" .. tostring(name) .. "'; it has" .. fields, 0)
    end
    name = next(rule, name)
  end
  if type(rule.attribute) ~= "string" and (rule.attribute ~= nil or rule.type ~= "distance") then
    error("a rule of the type " .. rule.type .. " must name an attribute", 0)
  end
end

-- read_rule: a rule as a policy writes it, in the form in which package rules writes it for scripts.
local function read_rule(rule)
  refuse_fields(rule)
  local made = { type = rule.type, default = rule.default, oldest = rule.age == "oldest" }
  if rule.attribute ~= "rating" then
    made.attribute = rule.attribute
  end
  if rule.age ~= nil and rule.age ~= "oldest" and rule.age ~= "youngest" then
    error("age must be youngest or oldest", 0)
  end
  if rule.optional_after_ms ~= nil then
    made.optional_ms = positive(rule.optional_after_ms, "optional_after_ms")
  end
  if string.find(rule_fields[rule.type], " max ", 1, true) then
    made.max = positive(rule.max, "max")
  end
  if rule.expand ~= nil then
    local expand = type(rule.expand) == "table" and rule.expand or {}
    made.by, made.every_ms = positive(expand.by, "expand.by"), positive(expand.every_ms, "expand.every_ms")
    made.to = math.max(made.max, positive(expand.to, "expand.to"))
  elseif rule.steps ~= nil then
    made.steps = {}
    for s = 1, type(rule.steps) == "table" and #rule.steps or 0 do
      local step = type(rule.steps[s]) == "table" and rule.steps[s] or {}
      made.steps[s] = { positive(step.after_ms, "after_ms of a step"), positive(step.value, "value of a step") }
    end
    if #made.steps == 0 then
      error("steps must be a list such as {{after_ms = 20000, value = 150}}", 0)
    end
  end
  return made
end

-- comes_before: a total order of keys: numbers, then texts, byte by byte, then others; equal ones by position.
local function comes_before(engine, keys, i, j)
  local a, b = keys[i], keys[j]
  if a == b or a == nil and b == nil then
    return i < j
  elseif a == nil or b == nil then
    return b == nil
  elseif type(a) ~= type(b) then
    return type(a) == "number"
  elseif type(a) == "number" then
    return a < b
  end
  return engine.comes_first(a, b)
end

-- policy_helpers: the table matchq of a policy of a user's own; matchq/policy.go says what its functions do. charge
-- takes steps. Returns the table and begin, which tells of the tickets of a batch.
local function policy_helpers(charge)
  local lib, engine, rules, batch, places = {}, nil, {}, nil, nil

  local function functions()
    engine = engine or new_rules_engine().parts
    return engine
  end

  -- rule_of: a rule in the form of the scripts; view is how it sees the batch.
  local function rule_of(rule)
    local known = rules[rule]
    if not known then
      known = { rule = read_rule(rule) }
      rules[rule] = known
      charge(10)
    end
    return known
  end
  local function view_of(rule)
    local known = rule_of(rule)
    if not known.view then
      charge(4 * batch.n)
      known.view = functions().view_rule(batch, known.rule, batch.tickets)
    end
    return known.view
  end

  local function position_of(ticket)
    local place = places and places[ticket]
    if not place then
      error("a ticket must be one of the batch", 0)
    end
    return place
  end

  function lib.number(ticket, name, otherwise)
    local rule = { default = otherwise }
    if name ~= "rating" then
      rule.attribute = name
    end
    return functions().read_number(rule, ticket)
  end

  function lib.set(ticket, name, otherwise)
    charge(4)
    local list = functions().elements_of(ticket.attributes[name])
    return list or otherwise
  end

  function lib.gap(a, b, name)
    local x, y = lib.number(a, name or "rating"), lib.number(b, name or "rating")
    return x and y and math.abs(x - y) or nil
  end

  function lib.limit(rule, ticket)
    local known = rule_of(rule).rule
    if not known.max then
      error("a rule of the type " .. known.type .. " has no limit", 0)
    end
    return functions().limit_at(known, ticket.waited_ms)
  end

  function lib.sorted(list, key)
    local keys, order, result, n = {}, {}, {}, #list
    local compare, log = functions(), 1
    while 2 ^ log < n do
      log = log + 1
    end
    charge(2 * n * log)
    for i = 1, n do
      local value
      if type(key) == "function" then
        value = key(list[i])
      else
        value = lib.number(list[i], key or "rating")
      end
      if value == value and (type(value) == "number" or type(value) == "string") then
        keys[i] = value
      end
      order[i] = i
    end
    table.sort(order, function(i, j)
      return comes_before(compare, keys, i, j)
    end)
    for i = 1, n do
      result[i] = list[order[i]]
    end
    return result
  end

  function lib.permitted(list, a, b)
    local i, j = position_of(a), position_of(b)
    if list.type ~= nil then
      list = { list }
    end
    charge(2 * #list)
    for r = 1, #list do
      if functions().rule_time(batch, view_of(list[r]), i, j) > 0 then
        return false
      end
    end
    return i ~= j
  end

  function lib.common(rule, tickets)
    local members, view = {}, view_of(rule)
    if view.kind ~= "overlap" and view.kind ~= "latency" then
      error("a rule of the type " .. view.kind .. " has nothing in common; use overlap or latency", 0)
    end
    for m = 1, #tickets do
      members[m] = position_of(tickets[m])
    end
    charge(4 * #members)
    return functions().common_of(view, members, #members)
  end

  local function begin(tickets)
    batch, places = { n = #tickets, size = 2, tickets = {}, avoiding = {}, avoided = {} }, {}
    for i = 1, #tickets do
      batch.tickets[i] = tickets[i]
      places[tickets[i]] = i
    end
    rules = {}
  end
  return lib, begin
end
