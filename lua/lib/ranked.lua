--@include lib/visit.lua

-- A batch of rules that is too large for a call is matched in the order of its ranks, so that nobody is out of reach
-- because of the place in line. In three steps, each of some calls, every ticket is seen once or twice:
--   gather  the tickets go from the waiting list to the passed one; those that wait get a member in rank
--   sweep   in the order of rank the tickets are grouped; those that a group may still want stay for the next call
--   return  the tickets that are left go back to the head of the waiting list, in their order
-- A queue's value in batches is then "g <tickets still to gather> <version of the rules>", "s <version>" or "r".
--
-- A member of rank ends with TAB and a ticket's id; lib/rules_rank.lua has what stands before. All scores are 0, so
-- bytes sort. Newcomers have no member. A ticket that a sweep matches or ends stays in the passed list, as a tombstone
-- or held. Under other rules, in a pause, and while nobody knows who is online, the batch goes on with the return.

local ranked_steps = { g = "gather", s = "sweep", r = "return" }

-- read_ranks: read the first members of rank, at most wanted, into a visit. visit.ids and visit.parts (what stands
-- before the first TAB) have each ticket once, by its last member; visit.names has the id of each member.
local function read_ranks(visit, rank, wanted)
  local members, names, parts, last, n = redis.call("ZRANGE", rank, 0, wanted - 1), {}, {}, {}, 0
  for m = 1, #members do
    parts[m], names[m] = string.match(members[m], "^([^\t]*)\t[^\t]*\t(.*)$")
    last[names[m]] = m
  end
  visit.members, visit.names, visit.ids, visit.parts = members, names, {}, {}
  for m = 1, #members do
    if last[names[m]] == m then
      n = n + 1
      visit.ids[n], visit.parts[n] = names[m], parts[m]
    end
  end
  visit.carried = n
  visit.others = #members == wanted and redis.call("ZCARD", rank) > wanted
end

-- open_ranked: read the next tickets of a batch under way, at most wanted of them. visit.others says whether a sweep
-- has more behind them.
local function open_ranked(waiting, passed, rank, stored, wanted)
  local step, remaining, version = string.match(stored, "^(%a) ?(%d*) ?(.*)$")
  if step == "s" then
    remaining, version = nil, string.sub(stored, 3)
  end
  local length = redis.call("LLEN", waiting)
  local visit = { step = ranked_steps[step], version = version, resumed = stored, length = length, carried = 0 }
  if step == "g" then
    visit.remaining = math.min(tonumber(remaining), length)
    local reads = math.min(wanted, visit.remaining)
    visit.ids = reads > 0 and redis.call("LRANGE", waiting, 0, reads - 1) or {}
    visit.remaining = visit.remaining - #visit.ids
  elseif step == "s" then
    read_ranks(visit, rank, wanted)
  else
    visit.ids = redis.call("LRANGE", passed, -wanted, -1)
  end
  visit.n = #visit.ids
  return visit
end

-- open_batch: read the next tickets of a queue's batch, at most budget of them; limit is how many a call may take. by
-- is the plan, version that of the rules. Returns nil if another call is to take them.
local function open_batch(waiting, passed, rank, stored, budget, by, limit, version)
  if stored and ranked_steps[string.sub(stored, 1, 1)] then
    return budget == limit and open_ranked(waiting, passed, rank, stored, limit) or nil
  end
  local visit = open_visit(waiting, stored, budget, by.size, limit)
  if visit and by.rank and not stored and visit.remaining > 0 then
    if budget < limit then
      return nil -- perhaps it fits into a call of its own
    end
    visit.step, visit.version = "gather", version
  end
  return visit
end

-- follow_step: whether a visit is part of a batch in ranks. Sets visit.abandoned: whether to go on with the return.
local function follow_step(visit, version)
  local idle = visit.paused or visit.blind
  if visit.step and idle and not visit.resumed then
    visit.step = nil -- such a batch is only searched for ended tickets
  end
  visit.abandoned = idle or visit.version ~= version
  return visit.step
end

-- chunk_of: the batch of a sweep, as plan.sweep takes it.
local function chunk_of(visit)
  local batch = visit.batch
  batch.more, batch.parts = visit.others, {}
  for p = 1, batch.n do
    batch.parts[p] = visit.parts[batch.at[p] or p]
  end
  return batch
end

-- gather: move what stays of the tickets at the head of the waiting list to the passed one, and rank those that wait.
local function gather(visit, waiting, passed, rank)
  local stay, ids = stay_after(visit), {}
  for k = 1, #stay do
    ids[k] = visit.ids[stay[k]]
  end
  if #ids > 0 then
    redis.call("RPUSH", passed, unpack(ids))
  end
  redis.call("LTRIM", waiting, visit.n, -1)
  if not visit.resumed then
    redis.call("UNLINK", rank) -- leftovers of a loss of Redis
  end
  if visit.abandoned then
    return
  end
  local ok, members = pcall(visit.by.rank, visit.batch)
  if not ok then -- a step that has begun must be done: without ranks the batch returns
    visit.error = tostring(members)
  elseif #members > 0 then
    redis.call("ZADD", rank, unpack(members))
  end
end

-- keep_open: drop the members of rank that a visit has seen, but those of the tickets in batch.open, by position.
local function keep_open(visit, rank)
  local batch, stays, members = visit.batch, {}, {}
  local open = batch.open or {} -- none if the rules failed
  redis.call("ZREMRANGEBYRANK", rank, 0, #visit.members - 1)
  for p = 1, batch.n do
    if open[p] then
      stays[visit.ids[batch.at[p] or p]] = true
    end
  end
  for m = 1, #visit.members do
    if stays[visit.names[m]] then
      members[#members + 1], members[#members + 2] = "0", visit.members[m]
    end
  end
  if #members > 0 then
    redis.call("ZADD", rank, unpack(members))
  end
end

-- go_back: move what stays of the tickets at the end of the passed list to the head of the waiting one. Returns how
-- many that are.
local function go_back(visit, waiting, passed)
  local stay, ids = stay_after(visit), {}
  for k = #stay, 1, -1 do
    ids[#ids + 1] = visit.ids[stay[k]]
  end
  redis.call("LTRIM", passed, 0, -visit.n - 1)
  if #ids > 0 then
    redis.call("LPUSH", waiting, unpack(ids))
  end
  return #ids
end

-- close_ranked: what close_visit does, for a batch in ranks. Sets visit.value, the state for the next call, too.
local function close_ranked(visit, waiting, passed, rank, version)
  visit.kept, visit.left, visit.more = kept_by(visit), visit.length, true
  local sweeping = visit.step == "sweep" and visit.others
  if visit.step == "gather" then
    gather(visit, waiting, passed, rank)
    visit.left, sweeping = visit.length - visit.n, true
  elseif visit.step == "return" then
    visit.left = visit.length + go_back(visit, waiting, passed)
    visit.more = redis.call("LLEN", passed) > 0
  end
  if visit.step == "return" or visit.abandoned or not sweeping then
    visit.value = "r"
  elseif visit.step == "gather" and visit.remaining > 0 then
    visit.value = string.format("g %d ", visit.remaining) .. version
  else
    visit.value = "s " .. version
  end
  if visit.step ~= "return" and visit.value == "r" then
    redis.call("UNLINK", rank)
  elseif visit.step == "sweep" then
    keep_open(visit, rank)
  end
end
