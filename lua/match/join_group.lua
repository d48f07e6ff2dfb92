-- join_group: make a group of workers, or set its settings anew. WRITES. O(1). Safe to repeat: it sets them anew.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta groups group_info
-- ARGV group kinds (with a space before and after each) #max_waiting #max_dead #retention_ms #max_groups
-- RETURN {"ok", "joined"}, {"ok", "too many"} if there are max_groups others, or {"config", stored}
--
-- groups is a sorted set: group → when it goes unless a worker calls before (ms). A new group gets the events that are
-- kept.

--@include lib/time.lua

local now = now_ms(call("TIME"))
if not call("ZSCORE", groups, group) and call("ZCARD", groups) >= max_groups then
  return { "ok", "too many" }
end
call("HSETNX", group_info, "position", "0-0")
call("HSET", group_info, "kinds", kinds, "max_waiting", max_waiting, "max_dead", max_dead, "retention_ms", retention_ms)
call("ZADD", groups, now + retention_ms, group)
call("HSET", meta, "groups", "1") -- tells Run that there are any
return { "ok", "joined" }
