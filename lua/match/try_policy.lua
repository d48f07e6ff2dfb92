-- try_policy: let a policy of a user's own group tickets that stand nowhere. READS. O(tickets).
-- ARGV #now_ms #size policy source names
-- ARGV for each row: id record
-- RETURN {spent, problem, warnings, positions, data} with spent in steps and problem "" for none: warnings are {line,
--   text, …}, positions the batch positions, size of them for each match, data {number of a match, JSON, …}

--@include lib/sandbox.lua
--@include lib/grouping.lua

local warnings, told, positions, texts = {}, {}, {}, {}
local function warn(line, text)
  if not told[line .. text] then
    told[line .. text] = true
    warnings[#warnings + 1] = line
    warnings[#warnings + 1] = text
  end
end

math.randomseed(now_ms)
local batch, made = { n = rows, now = now_ms, ids = {}, records = {} }, { size = size, lines = {} }
local places = {}
for row = 1, rows do
  batch.ids[row], batch.records[row] = id[row], record[row]
  places[id[row]] = row
end
local guest = sandbox(policy, source, names, warn)
local _, _, problem = group(guest.run, batch, made)
for line = 1, #made.lines, 2 do
  positions[#positions + 1] = places[made.lines[line]]
end
for nth = 1, made.data and #positions / size or 0 do
  if made.data[nth] then
    texts[#texts + 1] = nth
    texts[#texts + 1] = made.data[nth]
  end
end
return { math.ceil(guest.spent), problem or "", warnings, positions, texts }
