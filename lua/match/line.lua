-- line: the tickets at the head of a queue's line. READS. O(limit).
-- KEYS tickets waiting passed
-- ARGV queue #limit (places in the line that are looked at; some may be of tickets that have ended)
-- RETURN {now_ms, id, value, …}, in their order: the tickets that wait or are proposed

--@include lib/time.lua
--@include lib/record.lua

local now, mark = now_ms(call("TIME")), queue .. "\t"
local reply, left = { now }, limit
for _, list in ipairs({ passed, waiting }) do
  local found = left > 0 and call("LRANGE", list, 0, left - 1) or {}
  left = left - #found
  for i, value in ipairs(#found > 0 and call("HMGET", tickets, unpack(found)) or {}) do
    local expires = expires_in_queue(value, mark)
    if is_held(value, mark) or expires and expires > now then
      reply[#reply + 1], reply[#reply + 2] = found[i], value
    end
  end
end
return reply
