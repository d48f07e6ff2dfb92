-- settle_dead: deliver dead letters again, or remove them. WRITES. O(rows). Safe to repeat: each is a dead letter once.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta groups group_info work ready dead
-- ARGV group ?again (deliver them, counted from one)
-- ARGV for each row: id
-- RETURN {"ok", "none"} if there is no such group, {"ok", "there", ids…} with those that were dead letters, or
--   {"config", stored}

--@include lib/work.lua

if not call("ZSCORE", groups, group) then
  return { "ok", "none" }
end
local found, ids = { "ok", "there" }, {}
for row = 1, rows do
  if call("ZREM", dead, id[row]) == 1 then
    found[#found + 1] = id[row]
    ids[#ids + 1] = id[row]
    if again then
      call("HDEL", work, "#" .. id[row], "!" .. id[row])
      call("LPUSH", ready, id[row])
    end
  end
end
if not again then
  forget_work(work, ids)
end
call("HINCRBY", group_info, again and "revived" or "removed", #ids)
return found
