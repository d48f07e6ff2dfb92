--@include lib/record.lua
--@include lib/rules.lua
--@include lib/data.lua

local max_decoded = 128 -- tickets a call, where their attributes may be decoded

-- told_text: what the rules did in a match, as its data: {"rules": [an entry of each rule]}. Names of rules and what
-- players write may be long: an entry for which there is no room is left out. nil if there is none.
local function told_text(entries)
  local texts, room = {}, max_data - #'{"rules":[]}'
  for i = 1, #entries do
    local text = text_of(entries[i], max_data_depth)
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

-- follow_rules: let a plan match by rules, as package rules writes them. Sets plan.policy, plan.notes (whether
-- opponents are noted), plan.most and plan.meeting: in how many ms two of a batch's tickets may first meet, nil if that
-- is not known.
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
    local groups, told = ready().group(rules, tickets, batch.n, plan.total), {}
    for g = 1, #groups do
      told[g] = told_text(groups[g].data)
    end
    return groups, told
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
