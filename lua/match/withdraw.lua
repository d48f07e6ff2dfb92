-- withdraw: take players out of their queues, all or none. WRITES. O(players). Safe to repeat.
-- WHEN FULL goes on
-- GUARDED
-- KEYS meta tickets players due events counters tombstones batches
-- KEYS for each row: waiting passed rank
-- ARGV reason #since_ms
-- ARGV for each row: player id (of the latest ticket; "": none) queue
-- RETURN {"ok", "done"} (also if a player waits nowhere), {"ok", "busy", row} if that player is proposed or was matched
--   after since_ms, {"ok", "changed"} if one of them has another ticket by now, so that KEYS do not fit, or
--   {"config", stored}

--@include lib/time.lua
--@include lib/record.lua
--@include lib/cancel_tickets.lua
--@include lib/tombstone.lua

local now = now_ms(call("TIME"))

local lines, standing, seen = {}, {}, {}
for row = 1, rows do
  local ticket = id[row]
  if (call("HGET", players, player[row]) or "") ~= ticket then
    return { "ok", "changed" }
  end
  local value = ticket ~= "" and call("HGET", tickets, ticket)
  local entry = value and entry_of(value)
  if value and expires_in_queue(value, queue[row] .. "\t") then
    if not seen[ticket] then
      seen[ticket], standing[#standing + 1] = true, row
      lines[#lines + 1], lines[#lines + 2] = ticket, value
    end
  elseif value and not entry then
    return { "ok", proposal_of(value) and "busy" or "changed", row }
  elseif entry and is_matched(value) then
    local fields = read_entry(events, entry)
    if fields and entry_at(fields) > since_ms then
      return { "ok", "busy", row }
    end
  end
end
cancel_tickets(tickets, events, counters, now, reason, lines)
for _, row in ipairs(standing) do
  leave_tombstone(due, tombstones, batches, queue[row], waiting[row], passed[row], rank[row])
end
return { "ok", "done" }
