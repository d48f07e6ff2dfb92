-- An entry of the events stream says how tickets ended, always in this order:
--   kind <matched, cancelled, expired> size <tickets a match, else 1> count <tickets> at <ms> reason <text>
--   tickets <lines>, where the lines are id, record, id, record, … and size tickets after each other are one place.
-- at is the clock's; the entry's own id never goes back, and so is ahead after the clock was.

-- finish: write the entries for some lines and collect the outcomes to store: id, outcome, … are appended. An entry
-- takes at most 50 places, so that reading a single outcome stays cheap.
local function finish(events, now, kind, size, reason, lines, outcomes)
  local letter = string.sub(kind, 1, 1)
  local at = #outcomes
  for first = 1, #lines, 100 * size do
    local last = math.min(first + 100 * size, #lines + 1) - 1
    local entry = redis.call("XADD", events, "*", "kind", kind, "size", size, "count", (last - first + 1) / 2,
      "at", now, "reason", reason, "tickets", table.concat(lines, "\n", first, last))
    local place, start = 0, letter .. "\t" .. entry .. "-"
    for head = first, last, 2 * size do
      local outcome = start .. place
      place = place + 1
      for line = head, head + 2 * size - 2, 2 do
        outcomes[at + 1], outcomes[at + 2] = lines[line], outcome
        at = at + 2
      end
    end
  end
end
