-- explain: why a waiting ticket is not matched yet. READS. O(limit squared).
-- RULED paused
-- KEYS meta tickets waiting passed
-- ARGV queue id policy source (of the rules) #limit (tickets that are looked at, from the head of the line)
-- RETURN {"ok", now_ms, value, paused, others, permitted, candidate, rule, wait_ms, gap} or {"stale", version}: value
--   is the ticket's, "" if it is unknown; if it waits, others is how many others were looked at, permitted how many of
--   them it may meet now, candidate the id of the one that it may meet first ("": none), rule the one that keeps the
--   two apart longest ("": none), wait_ms in how long they may meet ("": never), gap how far apart they are ("": not
--   known)

--@include lib/time.lua
--@include lib/record.lua
--@include policy/rules.lua

local now, mark = now_ms(call("TIME")), queue .. "\t"
local value = call("HGET", tickets, id) or ""
local reply = { "ok", now, value, paused and call("HEXISTS", meta, "paused:" .. queue) or 0, 0, 0, "", "", "", "" }
if not expires_in_queue(value, mark) then
  return reply
end

local ids, records = { id }, { value }
for _, list in ipairs({ passed, waiting }) do
  local found = #ids < limit and call("LRANGE", list, 0, limit - #ids - 1) or {}
  for i, record in ipairs(#found > 0 and call("HMGET", tickets, unpack(found)) or {}) do
    local expires = expires_in_queue(record, mark)
    if found[i] ~= id and expires and expires > now then
      ids[#ids + 1], records[#records + 1] = found[i], record
    end
  end
end
reply[5] = #ids - 1
if policy ~= "rules" then
  reply[6] = reply[5]
  return reply
end
local rules = cjson.decode(source)
local told = new_rules_engine().explain(rules, seen_by_rules(rules, records, #ids, now), #ids, 1)
reply[6], reply[7], reply[8] = told.permitted, ids[told.candidate] or "", told.rule or ""
reply[9] = told.wait_ms and string.format("%.0f", told.wait_ms) or ""
reply[10] = told.gap and string.format("%.14g", told.gap) or ""
return reply
