-- groups: the state of groups of workers. READS. O(groups).
-- KEYS groups
-- KEYS for each row: group_info ready leases dead workers
-- ARGV for each row: group
-- RETURN {now_ms, lists…}: a list for each row, {when it goes (ms; "": there is no such group), kinds, done, buried,
--   dropped, missed, unreadable, and how many are ready, leased, dead, workers}

--@include lib/time.lua

local now = now_ms(call("TIME"))
local reply = { now }
for row = 1, rows do
  local ends = call("ZSCORE", groups, group[row])
  local info = call("HMGET", group_info[row], "kinds", "done", "buried", "dropped", "missed", "unreadable")
  reply[#reply + 1] = {
    ends or "", info[1] or "", info[2] or "0", info[3] or "0", info[4] or "0", info[5] or "0", info[6] or "0",
    call("LLEN", ready[row]), call("ZCARD", leases[row]), call("ZCARD", dead[row]),
    #call("ZRANGEBYSCORE", workers[row], now, "+inf", "LIMIT", 0, 1000),
  }
end
return reply
