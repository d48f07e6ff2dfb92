-- cancel: end waiting tickets that somebody gave up. WRITES. O(tickets). Safe to repeat: an end is final.
-- KEYS[1] meta  KEYS[2] tickets  KEYS[3] due  KEYS[4] events  KEYS[5] counters  KEYS[6] tombstones  KEYS[7] batches
-- KEYS[8..] two a ticket: waiting, passed
-- ARGV[1] fingerprint  ARGV[2] reason
-- ARGV[3..] three a ticket: id, queue, body ("", or what an unknown ticket would have held: it is then voided, which
--   is to say, queued and cancelled at once, so that an enqueue which is still under way finds it ended; if the id
--   is that of another player's or another queue's ticket, it is left alone)
-- RETURN {"ok", outcomes…} or {"config", stored}; the outcome of a ticket nobody knows is "", that of one which is
--   proposed its value: it is left alone, since cancelling it concerns others

local call = redis.call
--@include lib/time.lua
--@include lib/record.lua
--@include lib/give_up.lua
--@include lib/leave.lua

local fingerprint, reason = ARGV[1], ARGV[2]
local rows = (#KEYS - 7) / 2
if rows < 1 or #ARGV ~= 2 + 3 * rows then
  return redis.error_reply("MATCHQ_BADARG cancel: tickets and arguments do not fit")
end
local stored = call("HGET", KEYS[1], "config")
if stored ~= fingerprint then
  return { "config", stored or "" }
end
local now = now_ms(call("TIME"))
local ids = {}
for row = 1, rows do
  ids[row] = ARGV[3 * row]
end
local values = call("HMGET", KEYS[2], unpack(ids))

local lines, standing, ending, voided = {}, {}, {}, 0
for row = 1, rows do
  local id, value, body = ids[row], values[row], ARGV[3 * row + 2]
  local waits = waits_until(value, ARGV[3 * row + 1] .. "\t") and (body == "" or original_body(value) == body)
  if not ending[id] and (waits or not value and body ~= "") then
    ending[id] = true
    if waits then
      standing[#standing + 1] = row
    else
      voided = voided + 1
      value = new_record(now + ttl_of(body), body)
    end
    lines[#lines + 1], lines[#lines + 2] = id, value
  end
end

local outcomes = give_up(KEYS[2], KEYS[4], KEYS[5], now, reason, lines)
if voided > 0 then
  call("HINCRBY", KEYS[5], "enqueued", voided)
end
for _, row in ipairs(standing) do
  leave_tombstone(KEYS[3], KEYS[6], KEYS[7], ARGV[3 * row + 1], KEYS[6 + 2 * row], KEYS[7 + 2 * row])
end

local ended = {}
for i = 1, #outcomes, 2 do
  ended[outcomes[i]] = outcomes[i + 1]
end
local reply = { "ok" }
for row = 1, rows do
  reply[row + 1] = ended[ids[row]] or values[row] or ""
end
return reply
