-- The values that rules read of a ticket. A value of the wrong type counts as none. Elements of a set that are no
-- strings don't count.

local max_elements = 32 -- of a set, or regions; a ticket with more is as one without
local max_listed = 256 -- entries of a list or object that are looked at
local max_number = 1e300 -- a greater one counts as that: gaps, and sums of them, must be numbers too

-- read_number: the number that a distance rule compares.
local function read_number(rule, ticket)
  local value = rule.attribute and ticket.attributes and ticket.attributes[rule.attribute]
  if not rule.attribute then
    value = ticket.rating
  end
  if type(value) ~= "number" then
    return rule.default
  elseif value > max_number or value < -max_number then
    return value > 0 and max_number or -max_number
  end
  return value
end

-- elements_of: the strings of a set, each once, and how many; nil if there are none. One string is a set of one.
local function elements_of(value)
  if type(value) == "string" then
    return { value }, 1
  elseif type(value) ~= "table" then
    return nil, 0
  end
  local list, has, n = {}, {}, 0
  for k = 1, math.min(#value, max_listed) do
    local element = value[k]
    if type(element) == "string" and not has[element] then
      n = n + 1
      list[n], has[element] = element, true
    end
    if n > max_elements then
      return nil, 0
    end
  end
  if n == 0 then
    return nil, 0
  end
  return list, n
end

-- read_set: the set that an overlap rule reads.
local function read_set(rule, ticket)
  return elements_of(ticket.attributes and ticket.attributes[rule.attribute]) or elements_of(rule.default)
end

-- key_of: a number for a value, the same for equal ones; nil for none. ids gives the numbers. A set has the sorted
-- numbers of its elements: the order of strings depends on a server's locale.
local function key_of(value, ids)
  if type(value) == "number" or type(value) == "boolean" then
    return ids(value)
  end
  local list, n = elements_of(value)
  if not list then
    return nil
  end
  for k = 1, n do
    list[k] = ids("=" .. list[k])
  end
  table.sort(list)
  return n == 1 and list[1] or ids("," .. table.concat(list, ","))
end

-- read_key: the number of the value that an equal rule compares.
local function read_key(rule, ticket, ids)
  return key_of(ticket.attributes and ticket.attributes[rule.attribute], ids) or key_of(rule.default, ids)
end

-- regions_of: the latencies of an object, by region; nil if there are none. The order of pairs does not matter here.
local function regions_of(value)
  local regions, n, entries = {}, 0, 0
  for region, latency in pairs(type(value) == "table" and value or {}) do
    entries = entries + 1
    if type(region) == "string" and type(latency) == "number" then
      n = n + 1
      regions[region] = latency
    end
    if n > max_elements or entries > max_listed then
      return nil
    end
  end
  return n > 0 and regions or nil
end

-- read_regions: the latencies that a latency rule reads, by region.
local function read_regions(rule, ticket)
  return regions_of(ticket.attributes and ticket.attributes[rule.attribute]) or regions_of(rule.default)
end

-- new_ids: a function that gives each value a number, from 1 on.
local function new_ids()
  local known, n = {}, 0
  return function(value)
    local id = known[value]
    if not id then
      n = n + 1
      id, known[value] = n, n
    end
    return id
  end
end
