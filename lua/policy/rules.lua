--@include lib/record.lua
--@include lib/attributes.lua
--@include lib/rules.lua
--@include lib/data.lua

local max_decoded = 128 -- tickets a call, where their attributes may be decoded

-- told_text: the effects of the rules in a match, as its data: {"rules": [an entry of each rule]}. Names of rules and
-- texts of players may be long: an entry for which there is no room is left out. nil if there is none.
local function told_text(entries)
  local texts, room = {}, max_data - #'{"rules":[]}'
  for i = 1, #entries do
    local size = #entries[i]
    if size < room then
      texts[#texts + 1] = entries[i]
      room = room - size - 1
    end
  end
  return #texts > 0 and '{"rules":[' .. table.concat(texts, ",") .. "]}" or nil
end

-- seen_by_rules: the first n of some records as the rules see them.
local function seen_by_rules(rules, records, n, now)
  local tickets, opponents_in = {}, rules.recent and opponents_reader(rules.recent)
  for i = 1, n do
    local record = records[i]
    local since, player, rating, at = read_ticket(record)
    local waited, attributes = now - since, rules.decode and attributes_in(record, at) or ""
    tickets[i] = {
      since = since,
      player = player,
      rating = tonumber(rating),
      attributes = decode_attributes(attributes),
      waited_ms = waited > 0 and waited or 0,
      recent = opponents_in and opponents_in(record, at),
    }
  end
  return tickets
end

-- in_waiting_order: the positions of n tickets by the time of enqueueing. Numbers sort faster without a function that
-- compares, and behind a time there is room for a position.
local function in_waiting_order(tickets, n)
  local keys, room = {}, n + 1
  for i = 1, n do
    keys[i] = tickets[i].since * room + i
  end
  table.sort(keys)
  for k = 1, n do
    keys[k] = keys[k] % room
  end
  return keys
end

-- as_matches: groups of a batch as a policy returns them, and the effects of the rules in each. positions has the
-- place in the batch of each ticket that was grouped; nil if that is its number.
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
  plan.notes, plan.most = (rules.recent or 0) > 0, max_decoded
  plan.policy = function(batch)
    local seen = seen_by_rules(rules, batch.records, batch.n, batch.now)
    local groups, view = ready().group(rules, seen, batch.n, plan.total)
    batch.seen = view
    return as_matches(groups)
  end
  plan.sweep = function(batch)
    local seen = seen_by_rules(rules, batch.records, batch.n, batch.now)
    local positions, tickets = in_waiting_order(seen, batch.n), {}
    local chunk, open = { order = {}, parts = {}, more = batch.more }, {}
    for i = 1, batch.n do
      local at = positions[i]
      tickets[i], chunk.order[at], chunk.parts[i] = seen[at], i, batch.parts[at]
    end
    local groups, left_open = ready().sweep(rules, tickets, batch.n, plan.total, chunk)
    for i = 1, batch.n do
      open[positions[i]] = left_open[i]
    end
    batch.open = open
    return as_matches(groups, positions)
  end
  plan.rank = function(batch)
    return ready().rank(rules, seen_by_rules(rules, batch.records, batch.n, batch.now), batch.ids)
  end
  plan.meeting = function(batch, positions)
    return ready().earliest(batch.seen, positions)
  end
end

-- first_meeting: when two of the tickets that a visit left may first meet by its rules; nil if that is not known. Only
-- a small queue that was seen in one call is worth the look.
local function first_meeting(visit)
  local kept, by = visit.kept, visit.by
  local seen = visit.batch.seen -- as the rules see it; none if they failed
  if not by.meeting or not seen or visit.resumed or visit.blind or visit.paused or #kept < 2 or #kept > 32 then
    return nil
  end
  local ok, wait = pcall(by.meeting, visit.batch, kept) -- the tick has begun to write
  return ok and wait and visit.batch.now + wait or nil
end
