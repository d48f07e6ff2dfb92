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

-- text_library: functions like those of the string library, which charge for their work.
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

-- watch_order: warn of lists that a real Redis may sort otherwise than the embedded one.
local function watch_order(list, before, tell)
  if before == nil and type(list[1]) == "string" then
    tell("table.sort compares texts as the server's locale does; matchq.sorted compares bytes")
  end
  for i = 2, before and #list or 0 do
    if list[i] ~= list[i - 1] and not before(list[i - 1], list[i]) then
      tell("table.sort leaves the order of equal elements open: compare positions last, or use matchq.sorted")
      return
    end
  end
end

-- table_library: functions like those of the table library, which charge for their work. watch is called after a
-- list was sorted.
local function table_library(charge, grow, watch)
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
        table.sort(list)
      else
        table.sort(list, before)
      end
      watch(list, before)
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

-- label_of: what errors in Lua call a policy, by its version or its name. Lua keeps 59 bytes.
local function label_of(id)
  local name = string.match(id, "^(.*)%-%x%x%x%x%x%x%x%x$") or id
  if #name > 40 then
    name = string.gsub(string.sub(name, 1, 40), "[\192-\255][\128-\191]*$", "")
  end
  return "policy " .. name
end
