--@include lib/batch.lua

-- The limits of a policy of a user's own, for each batch. A step is one round of a loop or one call of a function, with
-- up to 32 tokens of source each, or as much work of a library's function as takes about as long.
local max_steps, max_string = 20000, 16384

local function pack(...)
  return { n = select("#", ...), ... }
end

-- size_of: about how many bytes a value has as a string.
local function size_of(value)
  return type(value) == "string" and #value or 32
end

-- pattern_cost: the most comparisons that a search for a pattern can take. Each repetition may try all lengths at each
-- place at which the literal beginning of the pattern is found.
local function pattern_cost(subject, pattern)
  local length = #subject
  local bare = string.gsub(string.gsub(pattern, "%%.", "a"), "%[%^?.[^]]*%]", "a")
  local _, many = string.gsub(bare, "[*+-]", "")
  local _, maybe = string.gsub(bare, "?", "")
  local _, pairs_of = string.gsub(pattern, "%%[b%d]", "")
  local starts, literal = length + 1, string.match(pattern, "^[%w%s\"':,_=;{}<>/@!#&~`|]*")
  if string.find(pattern, "^[*+?-]", #literal + 1) then
    literal = string.sub(literal, 1, -2)
  end
  if string.sub(pattern, 1, 1) == "^" then
    starts = 1
  elseif literal ~= "" then
    starts = 0
    local from = string.find(subject, literal, 1, true)
    while from and starts < 1000 do
      starts = starts + 1
      from = string.find(subject, literal, from + 1, true)
    end
    starts = starts == 1000 and length or starts
  end
  return length + starts * (#pattern + length ^ (many + pairs_of) * 2 ^ maybe)
end

-- text_library: functions like those of the string library, which charge for what they do.
local function text_library(charge, grow)
  local lib = { char = string.char }
  for name in string.gmatch("byte len lower reverse sub upper", "%a+") do
    local f = string[name]
    lib[name] = function(subject, ...)
      charge(size_of(subject) / 256)
      return f(subject, ...)
    end
  end
  for name in string.gmatch("find match gmatch gsub", "%a+") do
    local f = string[name]
    lib[name] = function(subject, pattern, third, plain)
      if type(subject) == "number" then
        subject = tostring(subject)
      end
      if type(subject) == "string" and type(pattern) == "string" then
        if name == "find" and plain then
          charge(#subject * (64 + #pattern) / 4096)
        else
          charge(pattern_cost(subject, pattern) / 64)
        end
      end
      if name == "gsub" then
        charge(size_of(subject) * size_of(third) / 4096)
        local result, count = f(subject, pattern, third, plain)
        grow(#result)
        return result, count
      end
      return f(subject, pattern, third, plain)
    end
  end
  lib.rep = function(subject, times)
    grow(size_of(subject) * math.max(0, tonumber(times) or 0))
    return string.rep(subject, times)
  end
  lib.format = function(...)
    local size = 0
    for _, value in ipairs({ ... }) do
      size = size + size_of(value)
    end
    grow(size)
    local result = string.format(...)
    grow(#result)
    return result
  end
  return lib
end

-- table_library: functions like those of the table library, which charge for what they do.
local function table_library(charge, grow)
  return {
    insert = function(list, ...)
      charge(select("#", ...) > 1 and #list / 32 or 0)
      return table.insert(list, ...)
    end,
    remove = function(list, ...)
      charge(select("#", ...) > 0 and #list / 32 or 0)
      return table.remove(list, ...)
    end,
    sort = function(list, before)
      charge(#list / 2)
      if before == nil then
        return table.sort(list)
      end
      return table.sort(list, before)
    end,
    concat = function(list, separator, first, last)
      local size, count, extra = 0, 0, size_of(separator or "")
      for i = first or 1, last or #list do
        if list[i] == nil then
          break
        end
        size, count = size + size_of(list[i]) + extra, count + 1
      end
      charge(count / 16)
      grow(size)
      return table.concat(list, separator, first, last)
    end,
  }
end

-- sandbox: what runs a policy whose names and loops were prepared by package sandbox. Returns version, spent (steps in
-- this call so far), run (the policy) and check (which returns the problem of a policy that can't be loaded).
-- Errors are "policy:<line>: <problem>". The chunk gets the helpers, and a value for each of names, a text with spaces.
local function sandbox(version, source, names)
  local guest, left, at, chunk, problem = { version = version, spent = 0 }, 0, 0, nil, nil

  local function fail(text)
    error("policy:" .. at .. ": " .. text, 0)
  end
  local function charge(steps)
    left = left - 1 - steps
    if left < 0 then
      fail("the policy took more than " .. max_steps .. " steps for a batch")
    end
  end
  local function grow(size)
    if size > max_string then
      fail("the policy made a string of more than " .. max_string .. " bytes")
    end
    charge(size / 256)
  end

  -- located: a raised value as an error of the policy. Where it has no line, at has one: that of the last step.
  local function located(raised)
    if type(raised) ~= "string" then
      raised = "the error is a " .. type(raised) .. " value"
    end
    local line, text = string.match(raised, "^=?policy:(%d+): ?(.*)$")
    if not line then
      line, text = at, string.gsub(string.gsub(raised, "^@?user_script:%d+: ?", ""), "^<string>:%d+: ?", "")
    end
    return "policy:" .. line .. ": " .. string.sub(text, 1, 500)
  end

  -- relay: a function of a library whose errors have the line of its caller. The levels of error() don't say it: those
  -- of the embedded Redis are others.
  local function relay(name, f)
    return function(...)
      local results = pack(pcall(f, ...))
      if results[1] then
        return unpack(results, 2, results.n)
      end
      local text = tostring(results[2])
      if string.find(text, "^=?policy:") then
        error(text, 0)
      end
      text = string.gsub(text, "^[^ ]*:%d+: ?", "")
      text = string.gsub(text, " to '?[^ ']+'? %(", " to '" .. name .. "' (")
      fail(text)
    end
  end
  local function relays(lib)
    local all = {}
    for name, f in pairs(lib) do -- the order is of no account
      all[name] = relay(name, f)
    end
    return all
  end

  local texts = text_library(charge, grow)
  local methods = relays(texts)
  local given = { string = relays(texts), table = relays(table_library(charge, grow)), math = {}, cjson = {} }
  for name in string.gmatch("type tostring tonumber ipairs pairs next select error assert", "%a+") do
    given[name] = _G[name]
  end
  for name in string.gmatch("abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp ldexp log log10 max min "
    .. "modf pi pow rad random sin sinh sqrt tan tanh huge", "%w+") do
    given.math[name] = math[name]
  end
  given.cjson.null = cjson.null
  given.cjson.decode = relay("decode", function(text)
    charge(size_of(text) / 32)
    local value, fault = cjson.decode(text)
    if value == nil and fault then
      error(fault, 0) -- which the embedded Redis returns
    end
    return value
  end)
  given.unpack = relay("unpack", function(list, first, last)
    charge(math.max(0, (last or #list) - (first or 1)) / 64)
    return unpack(list, first, last)
  end)
  given.pcall = function(...)
    local results = pack(pcall(...))
    charge(results[1] and 0 or 50) -- errors cost time; and a policy can't catch its own end
    return unpack(results, 1, results.n)
  end

  local function step(steps, line)
    at, left = line, left - steps
    if left < 0 then
      charge(0)
    end
  end
  local function concat(line, ...)
    at = line
    local parts, size = pack(...), 0
    for i = 1, parts.n do
      local kind = type(parts[i])
      if kind ~= "string" and kind ~= "number" then
        fail("attempt to concatenate a " .. kind .. " value")
      end
      size = size + size_of(parts[i])
    end
    grow(size)
    return table.concat(parts)
  end
  local function index(line, value, key)
    local kind = type(value)
    if kind == "table" then
      return value[key]
    elseif kind == "string" then
      return methods[key]
    end
    at = line
    fail("attempt to index a " .. kind .. " value (key '" .. string.sub(tostring(key), 1, 64) .. "')")
  end
  local function method(line, value, name, ...)
    local f = index(line, value, name)
    at = line
    if type(f) ~= "function" then
      fail("attempt to call method '" .. name .. "' (a " .. type(f) .. " value)")
    end
    return f(value, ...)
  end

  local function invoke(line, f, ...)
    at = line
    if type(f) ~= "function" then
      fail("attempt to call a " .. type(f) .. " value")
    end
    return f(...)
  end

  local function varargs(...)
    charge(select("#", ...) / 32)
    return ...
  end

  local values = { step, concat, index, method, invoke, varargs }
  local helpers = #values
  local count = 0
  for name in string.gmatch(names, "%S+") do
    count = count + 1
    values[helpers + count] = given[name]
  end

  -- load: the function that the source returns.
  local function load_policy()
    left, at = max_steps, 0
    if not chunk then
      chunk, problem = loadstring(source, "=policy")
    end
    if not chunk then
      error(problem, 0)
    end
    local f = chunk(unpack(values, 1, helpers + count))
    if type(f) ~= "function" then
      fail("the source must return a function")
    end
    return f
  end

  -- run: the policy, as group calls it. It sees copies of the tickets.
  function guest.run(batch, size)
    if batch.n < size then
      return {} -- there is nothing to group
    end
    local seen = { n = batch.n }
    for i = 1, batch.n do
      seen[i] = ticket_view(batch.ids[i], batch.records[i], batch.now)
    end
    local ok, order = pcall(function()
      return load_policy()(seen, size)
    end)
    guest.spent = guest.spent + max_steps - left
    if not ok then
      error(located(order), 0)
    end
    return type(order) == "table" and order or nil -- a number would be one of our own policies'
  end

  function guest.check()
    local ok, raised = pcall(load_policy)
    return not ok and located(raised) or nil
  end

  return guest
end
