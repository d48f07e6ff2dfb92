-- delete_group: delete a group of workers with its work and its dead letters. WRITES. O(1). Safe to repeat.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta groups group_info work ready leases dead workers
-- ARGV group
-- RETURN {"ok", "gone"}, {"ok", "none"} if there is no such group, or {"config", stored}

--@include lib/work.lua

if not call("ZSCORE", groups, group) then
  return { "ok", "none" }
end
drop_group(meta, groups, group, group_info, work, ready, leases, dead, workers)
return { "ok", "gone" }
