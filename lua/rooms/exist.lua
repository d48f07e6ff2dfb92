-- exist: which rooms are stored. READS. O(rooms).
-- KEYS for each row: room_key
-- RETURN 1 for each room that is stored, 0 for one that is not

local reply = {}
for row = 1, rows do
  reply[row] = call("HEXISTS", room_key[row], "doc")
end
return reply
