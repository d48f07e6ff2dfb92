-- run: say that a process runs with the settings in force. WRITES. O(processes). Safe to repeat: the end is set anew.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta runs
-- ARGV process #for_ms (0: it has ended)
-- RETURN {"ok"} or {"config", stored}

--@include lib/time.lua

local now = now_ms(call("TIME"))
if for_ms == 0 then
  call("ZREM", runs, process)
  return { "ok" }
end
call("ZREMRANGEBYSCORE", runs, "-inf", now) -- those that were killed
call("ZADD", runs, now + for_ms, process)
return { "ok" }
