-- dead_letters: the dead letters of a group, newest first. READS. O(limit + offset).
-- KEYS groups work dead
-- ARGV group #offset #limit
-- RETURN {"none"} if there is no such group, or {"there", total, and for each: id, since when it is one (ms),
--   deliveries, problem, text}

if not call("ZSCORE", groups, group) then
  return { "none" }
end
local reply = { "there", call("ZCARD", dead) }
local found = call("ZREVRANGE", dead, offset, offset + limit - 1, "WITHSCORES")
for i = 1, #found, 2 do
  local id = found[i]
  local values = call("HMGET", work, "#" .. id, "!" .. id, id)
  local at = #reply
  reply[at + 1], reply[at + 2], reply[at + 3] = id, found[i + 1], string.match(values[1] or "0", "^%d+")
  reply[at + 4], reply[at + 5] = values[2] or "", values[3] or ""
end
return reply
