--@include lib/record.lua
--@include lib/rules.lua
--@include lib/data.lua

local max_decoded = 128 -- tickets a call, where their attributes may be decoded

-- told_fields: the keys of what describe_group returns, sorted.
local told_fields = { "common", "gap", "latency", "limit", "mean_gap", "region", "rule", "waived", "widened" }

-- entry_text: what a rule did, as JSON: what text_of makes of it, in less time.
local function entry_text(entry)
  local parts = {}
  for f = 1, #told_fields do
    local value = entry[told_fields[f]]
    if value then
      parts[#parts + 1] = quoted(told_fields[f]) .. ":" .. text_of(value, 0)
    end
  end
  return "{" .. table.concat(parts, ",") .. "}"
end

-- told_text: what the rules did in a match, as its data: {"rules": [an entry of each rule]}. Names of rules and what
-- players write may be long: an entry for which there is no room is left out. nil if there is none.
local function told_text(entries)
  local texts, room = {}, max_data - #'{"rules":[]}'
  for i = 1, #entries do
    local text = entry_text(entries[i])
    if #text < room then
      texts[#texts + 1] = text
      room = room - #text - 1
    end
  end
  return #texts > 0 and '{"rules":[' .. table.concat(texts, ",") .. "]}" or nil
end

-- seen_by_rules: the first n tickets of some records as the rules see them.
local function seen_by_rules(rules, records, positions, now)
  local tickets = {}
  for i = 1, #positions do
    local record = records[positions[i]]
    local player, rating, attributes, more = seen_by_policy(record)
    tickets[i] = {
      player = player,
      rating = tonumber(rating),
      attributes = rules.decode and attributes ~= "" and cjson.decode(attributes) or nil,
      waited_ms = math.max(0, now - enqueued_at(record)),
      recent = rules.recent and more ~= "" and opponents_in(more) or nil,
    }
  end
  return tickets
end

-- in_waiting_order: the positions of a batch by the time of enqueueing. Numbers sort faster without a function that
-- compares, and behind a time there is room for a position.
local function in_waiting_order(batch)
  local keys, room = {}, batch.n + 1
  for i = 1, batch.n do
    keys[i] = enqueued_at(batch.records[i]) * room + i
  end
  table.sort(keys)
  for k = 1, batch.n do
    keys[k] = keys[k] % room
  end
  return keys
end

-- as_matches: groups of a batch as a policy returns them, and what the rules did in each. positions has the place in
-- the batch of each ticket that was grouped; nil if that is its number.
local function as_matches(groups, positions)
  local told = {}
  for g = 1, #groups do
    local members = groups[g].tickets
    for m = 1, positions and #members or 0 do
      members[m] = positions[members[m]]
    end
    told[g] = told_text(groups[g].data)
  end
  return groups, told
end

-- follow_rules: let a plan match by rules, as package rules writes them. Sets plan.policy, plan.notes (whether
-- opponents are noted), plan.most and, of a batch,
--   plan.meeting  in how many ms two of some positions may first meet; nil if that is not known
--   plan.rank     scores and members for the sorted set of ranks
--   plan.sweep    the policy of a part of a batch in ranks: batch.parts has the part of each position, batch.more
--                 whether others follow. Sets batch.open: the positions that stay for the next call.
local function follow_rules(plan, source)
  local rules, engine = cjson.decode(source), nil
  local function ready()
    engine = engine or new_rules_engine()
    return engine
  end
  local function all_of(batch)
    local positions = {}
    for i = 1, batch.n do
      positions[i] = i
    end
    return positions
  end
  plan.notes, plan.most = (rules.recent or 0) > 0, max_decoded
  plan.policy = function(batch)
    local tickets = seen_by_rules(rules, batch.records, all_of(batch), batch.now)
    return as_matches(ready().group(rules, tickets, batch.n, plan.total))
  end
  plan.sweep = function(batch)
    local positions = in_waiting_order(batch)
    local chunk, open = { order = {}, parts = {}, more = batch.more }, {}
    for i = 1, batch.n do
      chunk.order[positions[i]], chunk.parts[i] = i, batch.parts[positions[i]]
    end
    local tickets = seen_by_rules(rules, batch.records, positions, batch.now)
    local groups, left_open = ready().sweep(rules, tickets, batch.n, plan.total, chunk)
    for i = 1, batch.n do
      open[positions[i]] = left_open[i]
    end
    batch.open = open
    return as_matches(groups, positions)
  end
  plan.rank = function(batch)
    return ready().rank(rules, seen_by_rules(rules, batch.records, all_of(batch), batch.now), batch.ids)
  end
  plan.meeting = function(batch, positions)
    return ready().earliest(rules, seen_by_rules(rules, batch.records, positions, batch.now), #positions)
  end
end

-- first_meeting: when two of the tickets that a visit left may first meet by its rules; nil if that is not known. Only
-- a small queue that was seen in one call is worth the look.
local function first_meeting(visit)
  local kept, by = visit.kept, visit.by
  if not by.meeting or visit.resumed or visit.blind or visit.paused or #kept < 2 or #kept > 32 then
    return nil
  end
  local wait = by.meeting(visit.batch, kept)
  return wait and visit.batch.now + wait
end
