--@include lib/record.lua
--@include lib/entry.lua
--@include lib/proposal.lua

-- The sequels hash has what became of a match, where there is anything to tell: its assignment, its release.
--   <assignment as a line of JSON; may be empty>[TAB released_ms TAB reason TAB <successor> TAB <successor> …]
-- There is a successor for each ticket of the match: the id of the new ticket, or - if the player got none. A proposal
-- that was released has its tickets themselves. A sequel goes when the entry that ended its match is forgotten.

-- released_sequel: a sequel with a release added.
local function released_sequel(sequel, now, reason, successors)
  return table.concat({ sequel or "", string.format("%.0f", now), reason, table.concat(successors, "\t") }, "\t")
end

-- successors_in: the successors that a sequel names; nil if the match was not released.
local function successors_in(sequel)
  local names = string.match(sequel or "", "^[^\t]*\t%d+\t[^\t]*\t(.*)$")
  if not names then
    return nil
  end
  local successors = {}
  for name in string.gmatch(names, "[^\t]+") do
    successors[#successors + 1] = name
  end
  return successors
end

-- find_match: the open proposal of a match; or false and the fields of the entry about it alone, if it was made; nil if
-- it is unknown or fell apart.
local function find_match(k, match)
  local value = redis.call("HGET", k.proposals, match)
  local p = open_proposal(value)
  if p then
    return p
  end
  local id, place = string.match(match, "^(%d+%-%d+)%-(%d+)$")
  local entry = value and settled_entries(value)[1] or id
  local fields = entry and read_entry(k.events, entry)
  if fields and not value then
    if not is_entry(fields) then
      return nil
    end
    fields = place_of(fields, tonumber(place))
  end
  if fields and entry_kind(fields) == "matched" then
    return false, fields
  end
  return nil
end

-- add_sequel: write the entry about a change of a match's sequel. It repeats the entry about the match.
local function add_sequel(events, now, kind, reason, match, fields, sequel)
  local more = { "match", match, "made", fields[8], "sequel", sequel }
  if entry_match(fields) then
    more[#more + 1], more[#more + 2] = "proposed", "1"
  end
  for _, name in ipairs({ "rules", "data" }) do
    local at = entry_index(fields, name)
    if at then
      more[#more + 1], more[#more + 2] = name, fields[at]
    end
  end
  add_entry(events, now, kind, fields[4], reason, fields[6], entry_lines(fields), unpack(more))
end
