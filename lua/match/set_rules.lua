-- set_rules: change the rules, unless others have changed them. WRITES. O(rows). Safe to repeat: it writes once.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta rules changes events
-- ARGV expected (the version in force; "": none) next_version #max_changes ?anew (drop all others first)
-- ARGV for each row: pattern source by json ("": delete)
-- RETURN {"ok", version} with the version in force: next_version, or another one if others have changed them; or
--   {"config", stored}
--
-- A rule is at_ms TAB source TAB by TAB json. changes has the newest changes: pattern TAB version TAB rule, the json
-- empty for a deleted one.

--@include lib/time.lua
--@include lib/entry.lua

local now = string.format("%.0f", now_ms(call("TIME")))
local in_force = call("HGET", meta, "rules") or ""
if in_force ~= expected then
  return { "ok", in_force }
end
local lines = {}
if anew then
  call("UNLINK", rules)
end
for row = 1, rows do
  local rule = table.concat({ now, source[row], by[row], json[row] }, "\t")
  if json[row] == "" then
    call("HDEL", rules, pattern[row])
  else
    call("HSET", rules, pattern[row], rule)
  end
  call("LPUSH", changes, table.concat({ pattern[row], next_version, rule }, "\t"))
  lines[#lines + 1] = pattern[row]
  lines[#lines + 1] = table.concat({ next_version, source[row], by[row] }, "\t")
end
call("LTRIM", changes, 0, max_changes - 1)
call("HSET", meta, "rules", next_version)
if rows > 0 and expected ~= "" then -- else nothing has changed: they are the first
  add_entry(events, now, "rules", 1, "", rows, table.concat(lines, "\n"))
end
return { "ok", next_version }
