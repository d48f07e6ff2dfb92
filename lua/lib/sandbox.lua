--@include lib/batch.lua
--@include lib/rules.lua

-- sandbox: what runs a policy whose names and loops were prepared by package sandbox. Returns version, spent (steps in
-- this call so far), run (the policy) and check (which returns the problem of a policy that can't be loaded).
-- Errors are "policy:<line>: <problem>"; the policy itself sees "policy <name>:<line>: <problem>". The chunk gets the
-- helpers, and a value for each of names, a text with spaces. warn, if there is one, is told of lines and of what the
-- embedded Redis may compute otherwise than a real one.
local function sandbox(version, source, names, warn)
--@include lib/sandbox_libraries.lua
--@include lib/helpers.lua

  -- The limits of a policy, for each batch. A step is one round of a loop or one call of a function, with up to 32
  -- tokens of source each, or as much work of a library's function as takes about as long.
  local max_steps, max_string = 20000, 16384
  local guest, left, at, chunk, problem = { version = version, spent = 0 }, 0, 0, nil, nil
  local label = label_of(version)

  local function fail(text)
    error(label .. ":" .. at .. ": " .. text, 0)
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

  -- place_in: the line and the text of an error of the policy; nil for others.
  local function place_in(raised)
    local first = string.sub(raised, 1, 1) == "=" and 2 or 1
    if string.sub(raised, first, first + #label) ~= label .. ":" then
      return nil, nil
    end
    return string.match(string.sub(raised, first + #label + 1), "^(%d+): ?(.*)$")
  end

  -- located: a raised value as an error of the policy. Where it has no line, at has one: that of the last step.
  local function located(raised)
    if type(raised) ~= "string" then
      raised = "the error is a " .. type(raised) .. " value"
    end
    local line, text = place_in(raised)
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
      if place_in(text) then
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

  local function watch(list, before)
    if warn then
      local spare = left
      left = math.huge
      watch_order(list, before, function(text)
        warn(at, text)
      end)
      left = spare
    end
  end

  local texts = text_library(charge, grow)
  local methods = relays(texts)
  local given = { string = relays(texts), table = relays(table_library(charge, grow, watch)), math = {}, cjson = {} }
  for name in string.gmatch("type tostring tonumber ipairs pairs next select error assert", "%a+") do
    given[name] = _G[name]
  end
  for name in string.gmatch("abs acos asin atan atan2 ceil cos cosh deg exp floor fmod frexp ldexp log log10 max min "
    .. "modf pi pow rad random sin sinh sqrt tan tanh huge", "%w+") do
    given.math[name] = math[name]
  end
  local tools, begin = policy_helpers(charge)
  given.matchq = relays(tools)
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

  local function pass(...)
    return ...
  end

  local values = { step, concat, index, method, invoke, varargs, pass }
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
      chunk, problem = loadstring(source, "=" .. label)
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
    local seen = ticket_views(batch)
    begin(seen)
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
