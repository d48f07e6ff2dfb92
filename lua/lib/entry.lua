-- An entry of the events stream says what became of tickets, always in this order:
--   kind <proposed, matched, restored, cancelled, expired> size <tickets a match; 1 where each ticket is by itself>
--   count <tickets> at <ms> reason <text> tickets <lines>
-- and then, of a proposal: deadline <ms>; of what a proposal came to: match <id>. The lines are id, record, id, record,
-- … and size tickets after each other are one place. at is the clock's; the entry's own id never goes back, and so is
-- ahead after the clock was.

-- add_entry: write lines[first..last] as an entry, with more fields if there are any. Returns its id.
local function add_entry(events, now, kind, size, reason, lines, first, last, ...)
  return redis.call("XADD", events, "*", "kind", kind, "size", size, "count", (last - first + 1) / 2,
    "at", now, "reason", reason, "tickets", table.concat(lines, "\n", first, last), ...)
end

-- finish: write the entries for some lines and collect the outcomes to store: id, outcome, … are appended. An entry
-- takes at most 50 places, so that reading a single outcome stays cheap. Returns the id of the last one.
local function finish(events, now, kind, size, reason, lines, outcomes, ...)
  local letter = string.sub(kind, 1, 1)
  local at, entry = #outcomes, nil
  for first = 1, #lines, 100 * size do
    local last = math.min(first + 100 * size, #lines + 1) - 1
    entry = add_entry(events, now, kind, size, reason, lines, first, last, ...)
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
  return entry
end
