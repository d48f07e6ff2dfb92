-- renew: set the deadlines of proposals anew that were made in a time to come. WRITES. O(limit). Safe to repeat.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta proposals deadlines
-- ARGV cursor ("0" first, then as returned) #limit (proposals)
-- RETURN {"ok", cursor ("0": that was all)} or {"config", stored}
--
-- A proposal of a time to come was made before the clock was set back: its players would have too long to answer.

--@include lib/time.lua
--@include lib/proposal.lua

local now = now_ms(call("TIME"))
local found = call("ZSCAN", deadlines, cursor, "COUNT", limit)
for i = 1, #found[2], 2 do
  local match = found[2][i]
  local p = open_proposal(call("HGET", proposals, match))
  if p and p.made > now then
    p.deadline, p.made = now + p.deadline - p.made, now
    call("HSET", proposals, match, proposal_value(p))
    call("ZADD", deadlines, "XX", string.format("%.0f", p.deadline), match)
  end
end
return { "ok", found[1] }
