-- fill: make work of events behind a group's position. WRITES. O(200 events). Safe to repeat: the position moves too.
-- WHEN FULL goes on
-- GUARDED trimmed
-- KEYS meta events groups group_info work ready leases dead workers
-- ARGV group #older_ms (0: all events; else those that are older, whether or not there is room)
-- RETURN {"ok", "none"} if there is no such group, {"ok", "there", position, more, full, missed, dropped, unreadable},
--   or {"config", stored}. more is 1 if there may be more to do, full is 1 if the group has as much work as it may,
--   missed is 1 if events were forgotten before the group got them, dropped is how many were pushed out, unreadable
--   is how many entries can't be read and were skipped.
--
-- Without room, workers leave events where they are. Old events would be forgotten there, so they push out those that
-- have been ready longest. A group that outlived its retention goes, but not by one look: the clock may have been set.

--@include lib/time.lua
--@include lib/work.lua

local now = now_ms(call("TIME"))
local info = call("HMGET", group_info, "position", "kinds", "max_waiting", "goes_at")
local ends = tonumber(call("ZSCORE", groups, group) or nil)
if not ends or not info[1] then
  return { "ok", "none" }
end
if older_ms > 0 and ends <= now then
  if info[4] and tonumber(info[4]) <= now then
    drop_group(meta, groups, group, group_info, work, ready, leases, dead, workers)
    return { "ok", "none" }
  elseif not info[4] then
    call("HSET", group_info, "goes_at", now + 10000)
  end
elseif info[4] then
  call("HDEL", group_info, "goes_at")
end

-- is_before: whether an entry's id comes before that of an event.
local function is_before(entry, event)
  local ms, seq = string.match(entry, "^(%d+)-(%d+)")
  local event_ms, event_seq = string.match(event, "^(%d+)-(%d+)")
  ms, event_ms = tonumber(ms), tonumber(event_ms)
  return ms < event_ms or ms == event_ms and tonumber(seq) < tonumber(event_seq)
end

local most, held = tonumber(info[3]), call("LLEN", ready) + call("ZCARD", leases)
local full = held >= most and 1 or 0
if full == 1 and older_ms == 0 then
  return { "ok", "there", info[1], 0, full, 0, 0, 0 }
end
local till = older_ms > 0 and string.format("%.0f", math.max(0, now - older_ms)) or "+"
local page = call("XRANGE", events, "(" .. info[1], till, "COUNT", 4)
if #page == 0 then
  return { "ok", "there", info[1], 0, full, 0, 0, 0 }
end
local bodies, ids, unreadable = {}, {}, 0
for _, entry in ipairs(page) do
  local fields = entry[2]
  local texts = is_entry(fields) and {}
  if texts and string.find(info[2], " " .. entry_kind(fields) .. " ", 1, true) then
    texts = places_of(fields)
  end
  unreadable = unreadable + (texts and 0 or 1)
  for place, text in ipairs(texts or {}) do
    local id = entry[1] .. "-" .. place - 1
    ids[#ids + 1] = id
    bodies[#bodies + 1], bodies[#bodies + 2] = id, text
  end
end
call("HSET", group_info, "position", page[#page][1])
local missed = trimmed and info[1] ~= "0-0" and is_before(info[1], trimmed) and 1 or 0
if missed == 1 then
  call("HINCRBY", group_info, "missed", 1)
end
if unreadable > 0 then
  call("HINCRBY", group_info, "unreadable", unreadable)
end
local dropped = 0
if #ids > 0 then
  call("HSET", work, unpack(bodies))
  call("LPUSH", ready, unpack(ids))
  if older_ms > 0 then
    dropped = math.max(0, math.min(held + #ids - most, #ids))
  end
end
if dropped > 0 then
  forget_work(work, call("RPOP", ready, dropped))
  call("HINCRBY", group_info, "dropped", dropped)
end
return { "ok", "there", page[#page][1], #page == 4 and 1 or 0, full, missed, dropped, unreadable }
