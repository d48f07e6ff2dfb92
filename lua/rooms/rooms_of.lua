-- rooms_of: the rooms in which players have seats of some kinds. READS. O(rows x limit).
-- KEYS for each row: seats
-- ARGV #limit (rooms a row)
-- RETURN {rooms…} of each row, which is a player and a kind; those that are kept longest first

--@include lib/time.lua

local reply = {}
if call("EXISTS", all(seats)) == 0 then -- most players have none
  for row = 1, rows do
    reply[row] = {}
  end
  return reply
end
local now = string.format("(%d", now_ms(call("TIME"))) -- as text: Redis takes longer to write numbers
for row = 1, rows do
  reply[row] = call("ZREVRANGEBYSCORE", seats[row], "+inf", now, "LIMIT", "0", limit)
end
return reply
