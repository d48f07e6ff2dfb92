-- withdraw: take players out of their queues, all or nobody. WRITES. O(players). Safe to repeat.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] players  KEYS[4] due  KEYS[5] events  KEYS[6] counters  KEYS[7] tombstones
-- KEYS[8] batches  KEYS[9..] two a player: waiting, passed
-- ARGV[1] fingerprint  ARGV[2] reason  ARGV[3] since_ms
-- ARGV[4..] three a player: player, id of the latest ticket ("" if there is none), its queue
-- RETURN {"ok", "done"} (who waits nowhere is fine), {"ok", "busy", row} if that player is proposed or was matched
--   after since_ms, {"ok", "changed"} if one of them has another ticket by now, so that KEYS do not fit, or
--   {"config", stored}

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua
--@include lib/give_up.lua
--@include lib/leave.lua

local fingerprint, reason, since = ARGV[1], ARGV[2], tonumber(ARGV[3])
local rows = (#KEYS - 8) / 2
if rows < 1 or #ARGV ~= 3 + 3 * rows then
  return redis.error_reply("MATCHQ_BADARG withdraw: players and arguments do not fit")
end
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local now = now_ms(call("TIME"))

local lines, standing, seen = {}, {}, {}
for row = 1, rows do
  local player, id, queue = ARGV[1 + 3 * row], ARGV[2 + 3 * row], ARGV[3 + 3 * row]
  if (call("HGET", KEYS[3], player) or "") ~= id then
    return { "ok", "changed" }
  end
  local value = id ~= "" and call("HGET", KEYS[2], id)
  local entry = value and entry_of(value)
  if value and waits_until(value, queue .. "\t") then
    if not seen[id] then
      seen[id], standing[#standing + 1] = true, row
      lines[#lines + 1], lines[#lines + 2] = id, value
    end
  elseif value and not entry then
    return { "ok", proposal_of(value) and "busy" or "changed", row }
  elseif entry and string.sub(value, 1, 1) == "m" then
    local found = call("XRANGE", KEYS[5], entry, entry)
    if found[1] and tonumber(found[1][2][8]) > since then
      return { "ok", "busy", row }
    end
  end
end
give_up(KEYS[2], KEYS[5], KEYS[6], now, reason, lines)
for _, row in ipairs(standing) do
  leave_tombstone(KEYS[4], KEYS[7], KEYS[8], ARGV[3 + 3 * row], KEYS[7 + 2 * row], KEYS[8 + 2 * row])
end
return { "ok", "done" }
