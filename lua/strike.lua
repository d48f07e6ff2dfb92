-- strike: strike workers off a group that hold nothing and have not asked for long. WRITES. O(workers). Safe to repeat.
-- KEYS[1] meta  KEYS[2] events
-- ARGV[1] fingerprint  ARGV[2] group  ARGV[3] idle_ms
-- RETURN {"ok", struck} or {"config", stored}
--
-- A worker that lives all the same is on the list again as soon as it asks for more.

local call = redis.call

local fingerprint, group, idle = ARGV[1], ARGV[2], tonumber(ARGV[3])
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local workers = redis.pcall("XINFO", "CONSUMERS", KEYS[2], group)
if workers.err then
  return { "ok", 0 } -- there is no such group any more
end
local struck = 0
for _, fields in ipairs(workers) do
  local worker = {}
  for i = 1, #fields, 2 do
    worker[fields[i]] = fields[i + 1]
  end
  if worker.pending == 0 and worker.idle >= idle then
    call("XGROUP", "DELCONSUMER", KEYS[2], group, worker.name)
    struck = struck + 1
  end
end
return { "ok", struck }
