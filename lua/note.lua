-- note: write down where a namespace stands in a minute. WRITES. O(1). Safe to repeat: a node's words replace its last.
-- KEYS[1] meta  KEYS[2] counters  KEYS[3] minute
-- ARGV[1] fingerprint  ARGV[2] minute (ms)  ARGV[3] node  ARGV[4] what it says, "" for nothing new  ARGV[5] keep_ms
-- ARGV[6] longest anybody waits (ms), "" if that was not looked up
-- RETURN {"ok", now_ms, 1 if it was written down, ms since the longest wait was looked up (-1: not in this minute)}
--   or {"config", stored}
--
-- A minute is written down while it lasts and in the one after it: what was not said yet when it ended. Totals are
-- those of the namespace, as they are: they are noted only while the minute lasts.

local call = redis.call
--@include lib/time.lua

local fingerprint, minute, node, words, keep_ms = ARGV[1], tonumber(ARGV[2]), ARGV[3], ARGV[4], ARGV[5]
local longest = tonumber(ARGV[6])
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local now = now_ms(call("TIME"))
local age = now - minute
if minute % 60000 ~= 0 or age < 0 or age >= 120000 then
  return { "ok", now, 0, -1 }
end
local looked = -1
if age < 60000 then
  local totals = call("HMGET", KEYS[2], "enqueued", "proposed", "matched", "cancelled", "expired", "matches")
  for i = 1, 6 do
    totals[i] = tonumber(totals[i]) or 0
  end
  local waiting = totals[1] - totals[2] - totals[3] - totals[4] - totals[5]
  local before = call("HMGET", KEYS[3], "most", "longest", "looked")
  local text = string.format("%.0f %.0f %.0f %.0f %.0f %.0f", unpack(totals))
  call("HSETNX", KEYS[3], "first", text)
  call("HSET", KEYS[3], "last", text, "most", math.max(waiting, tonumber(before[1]) or 0))
  if longest then
    call("HSET", KEYS[3], "longest", math.max(longest, tonumber(before[2]) or 0), "looked", now)
    looked = 0
  elseif before[3] then
    looked = math.max(0, now - before[3])
  end
end
if words ~= "" then
  call("HSET", KEYS[3], "node:" .. node, words)
end
call("PEXPIRE", KEYS[3], keep_ms)
return { "ok", now, 1, looked }
