-- To decode thousands of arrays and objects takes a call of many tickets 70 ms. To rules and policies, the attributes
-- of a ticket with more tables than these are as none.
local max_tables = 128

-- count_of: how often a character stands in a text, if no more often than most.
local function count_of(text, character, most)
  local count, at = 0, string.find(text, character, 1, true)
  while at and count <= most do
    count, at = count + 1, string.find(text, character, at + 1, true)
  end
  return count
end

-- decode_attributes: the attributes of a ticket as a table; nil if they have no names. Brackets in strings count as
-- tables: that is quickly told.
local function decode_attributes(text)
  if text == "" then
    return nil
  elseif #text > 2 * max_tables then
    local lists = count_of(text, "[", max_tables)
    if lists + count_of(text, "{", max_tables - lists) > max_tables then
      return nil
    end
  end
  local value = cjson.decode(text)
  return type(value) == "table" and value or nil
end
