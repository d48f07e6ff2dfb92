-- release: forget players who did not come back, and cancel what they waited for. WRITES. O(players). Safe to repeat.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] due  KEYS[4] events  KEYS[5] counters  KEYS[6] tombstones  KEYS[7] batches
-- KEYS[8] online  KEYS[9] away  KEYS[10] players  KEYS[11..] two a player: waiting, passed
-- ARGV[1] fingerprint  ARGV[2] reason  ARGV[3] far_ms: a grace that ends later is an error of the clock
-- ARGV[4..] three a player: player, id of the ticket, queue ("": no ticket that waits while its player is online)
-- RETURN {"ok", released} or {"config", stored}
--
-- Somebody who is back, or has another ticket by now, is left for another call.

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua
--@include lib/give_up.lua
--@include lib/presence.lua
--@include lib/leave.lua

local fingerprint, reason, far = ARGV[1], ARGV[2], tonumber(ARGV[3])
local rows = (#KEYS - 10) / 2
if rows < 1 or #ARGV ~= 3 + 3 * rows then
  return redis.error_reply("MATCHQ_BADARG release: players and arguments do not fit")
end
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local now = now_ms(call("TIME"))
local names, ids = {}, {}
for row = 1, rows do
  names[row], ids[row] = ARGV[1 + 3 * row], ARGV[2 + 3 * row]
end
local online = call("HMGET", KEYS[8], unpack(names))
local latest = call("HMGET", KEYS[10], unpack(names))
local values = call("HMGET", KEYS[2], unpack(ids))

local released, lines, standing = {}, {}, {}
for row = 1, rows do
  local queue = ARGV[3 + 3 * row]
  if online[row] and is_over(away_until(online[row]), now, far) and (latest[row] or "") == ids[row] then
    released[#released + 1] = names[row]
    if queue ~= "" and waits_until(values[row], queue .. "\t") and while_online(values[row]) then
      standing[#standing + 1] = row
      lines[#lines + 1], lines[#lines + 2] = ids[row], values[row]
    end
  end
end
give_up(KEYS[2], KEYS[4], KEYS[5], now, reason, lines)
for _, row in ipairs(standing) do
  leave_tombstone(KEYS[3], KEYS[6], KEYS[7], ARGV[3 + 3 * row], KEYS[9 + 2 * row], KEYS[10 + 2 * row])
end
if #released > 0 then
  call("HDEL", KEYS[8], unpack(released))
  call("ZREM", KEYS[9], unpack(released))
end
return { "ok", #released }
