-- The data of a match is a JSON object of at most so many bytes, and its values have at most so many levels.
local max_data, max_data_depth = 1024, 4

-- quoted: a text as JSON. The names of what rules tell are the same in each match.
local known_texts = {}
local function quoted(text)
  local json = known_texts[text]
  if not json then
    json = cjson.encode(text)
    known_texts[text] = json
  end
  return json
end

-- text_of: a value as JSON, with the keys of objects in order: cjson has another order on each Redis. Also a problem.
local function text_of(value, depth)
  local kind = type(value)
  if kind == "string" then
    return quoted(value), nil
  elseif kind == "boolean" or value == cjson.null then
    return value == cjson.null and "null" or tostring(value), nil
  elseif kind == "number" and value - value == 0 then
    return string.format("%.14g", value), nil
  elseif kind ~= "table" or depth == 0 then
    return nil, "data must be strings, finite numbers, booleans, and lists and objects of at most "
      .. max_data_depth .. " levels"
  end
  local parts = {}
  if #value > 0 then
    for i = 1, #value do
      local text, problem = text_of(value[i], depth - 1)
      if problem then
        return nil, problem
      end
      parts[i] = text
    end
    return "[" .. table.concat(parts, ",") .. "]", nil
  end
  local names = {}
  local name = next(value)
  while name ~= nil do
    if type(name) ~= "string" then
      return nil, "the names of data must be strings"
    end
    names[#names + 1] = name
    name = next(value, name)
  end
  table.sort(names)
  for i = 1, #names do
    local text, problem = text_of(value[names[i]], depth - 1)
    if problem then
      return nil, problem
    end
    parts[i] = quoted(names[i]) .. ":" .. text
  end
  return "{" .. table.concat(parts, ",") .. "}", nil
end

-- data_text: the data of a policy's match, without its tickets, as JSON; nil for none. Also a problem.
local function data_text(match)
  local data, name = {}, next(match)
  while name ~= nil do
    if name ~= "tickets" then
      data[name] = match[name]
    end
    name = next(match, name)
  end
  if next(data) == nil then
    return nil, nil
  end
  local text, problem = text_of(data, max_data_depth)
  if text and #text > max_data then
    return nil, "the data has " .. #text .. " bytes, more than " .. max_data
  end
  return text, problem
end
