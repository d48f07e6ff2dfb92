-- record: sample a namespace in a minute. WRITES. O(1). Safe to repeat: a payload replaces the last one.
-- GUARDED
-- KEYS meta counters minute
-- ARGV #start_ms (of the minute) node payload ("": nothing new) keep_ms #longest_ms (wait; "": not measured)
-- RETURN {"ok", now_ms, 1 if it was recorded, ms since the longest wait was measured (-1: not in this minute)} or
--   {"config", stored}
--
-- A minute takes samples while it lasts and in the minute after it, for payloads that came late. Totals are those of
-- the namespace as it is now, so they are sampled only while the minute lasts.

--@include lib/time.lua

local now = now_ms(call("TIME"))
local age = now - start_ms
if start_ms % 60000 ~= 0 or age < 0 or age >= 120000 then
  return { "ok", now, 0, -1 }
end
local measured_ago = -1
if age < 60000 then
  local totals = call("HMGET", counters, "enqueued", "proposed", "matched", "cancelled", "expired", "matches")
  for i = 1, 6 do
    totals[i] = tonumber(totals[i]) or 0
  end
  local waiting = totals[1] - totals[2] - totals[3] - totals[4] - totals[5]
  local before = call("HMGET", minute, "most", "longest", "measured")
  local text = string.format("%.0f %.0f %.0f %.0f %.0f %.0f", unpack(totals))
  call("HSETNX", minute, "first", text)
  call("HSET", minute, "last", text, "most", math.max(waiting, tonumber(before[1]) or 0))
  if longest_ms then
    call("HSET", minute, "longest", math.max(longest_ms, tonumber(before[2]) or 0), "measured", now)
    measured_ago = 0
  elseif before[3] then
    measured_ago = math.max(0, now - before[3])
  end
end
if payload ~= "" then
  call("HSET", minute, "node:" .. node, payload)
end
call("PEXPIRE", minute, keep_ms)
return { "ok", now, 1, measured_ago }
