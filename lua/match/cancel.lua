-- cancel: end waiting tickets, or void unknown ones. WRITES. O(tickets). Safe to repeat: an end is final.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta tickets due events counters tombstones batches
-- KEYS for each row: waiting passed rank
-- ARGV reason
-- ARGV for each row: id queue body ("" unless the ticket is to be voided)
-- RETURN {"ok", values…} or {"config", stored}; the value of a ticket is its outcome, "" if it is unknown. A proposed
--   ticket stays as it is, since cancelling it concerns others: its value says so.
--
-- To void a ticket is to enqueue and cancel it at once, so that an enqueue that is still under way finds an outcome. A
-- body is the record that the ticket would have, without its expiry. A ticket of another player or queue with that id
-- stays as it is.

--@include lib/time.lua
--@include lib/record.lua
--@include lib/cancel_tickets.lua
--@include lib/tombstone.lua

local now = now_ms(call("TIME"))
local ids = {}
for row = 1, rows do
  ids[row] = id[row]
end
local values = call("HMGET", tickets, unpack(ids))

local lines, standing, ending, voided = {}, {}, {}, 0
for row = 1, rows do
  local value, void = values[row], body[row]
  local waits = expires_in_queue(value, queue[row] .. "\t")
    and (void == "" or request_in(body_of(value)) == request_in(void))
  if not ending[ids[row]] and (waits or not value and void ~= "") then
    ending[ids[row]] = true
    if waits then
      standing[#standing + 1] = row
    else
      voided = voided + 1
      value = new_record(now + ttl_of(void), void)
    end
    lines[#lines + 1], lines[#lines + 2] = ids[row], value
  end
end

local outcomes = cancel_tickets(tickets, events, counters, now, reason, lines)
if voided > 0 then
  call("HINCRBY", counters, "enqueued", voided)
end
for _, row in ipairs(standing) do
  leave_tombstone(due, tombstones, batches, queue[row], waiting[row], passed[row], rank[row])
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
