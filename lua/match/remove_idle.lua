-- remove_idle: remove one or all idle consumers of a group that hold nothing. WRITES. O(consumers). Safe to repeat.
-- GUARDED
-- KEYS meta events
-- ARGV group worker ("": all that were idle for idle_ms) #idle_ms
-- RETURN {"ok", removed} or {"config", stored}
--
-- A consumer that is alive after all is on the list again as soon as it asks for more.

local consumers = redis.pcall("XINFO", "CONSUMERS", events, group)
if consumers.err then
  return { "ok", 0 } -- there is no such group any more
end
local removed = 0
for _, fields in ipairs(consumers) do
  local consumer = {}
  for i = 1, #fields, 2 do
    consumer[fields[i]] = fields[i + 1]
  end
  local is_meant = consumer.name == worker or worker == "" and consumer.idle >= idle_ms
  if is_meant and consumer.pending == 0 then
    call("XGROUP", "DELCONSUMER", events, group, consumer.name)
    removed = removed + 1
  end
end
return { "ok", removed }
