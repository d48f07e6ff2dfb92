-- states: the states of tickets. READS. O(tickets).
-- KEYS tickets
-- ARGV for each row: id
-- RETURN a letter for each ticket: w(aiting), p(roposed), m(atched), c(ancelled), e(xpired), "" if it is not stored

--@include lib/record.lua

local reply = call("HMGET", tickets, all(id))
for row = 1, rows do
  local value = reply[row]
  if not value then
    reply[row] = ""
  elseif is_proposed(value) or entry_of(value) then
    reply[row] = string.sub(value, 1, 1)
  else
    reply[row] = "w"
  end
end
return reply
