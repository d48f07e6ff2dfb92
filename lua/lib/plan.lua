--@include lib/sandbox.lua
--@include policy/fifo.lua
--@include policy/random.lua
--@include policy/rules.lua

local built_in = { fifo = fifo, random = random }
local max_tickets = 500 -- a call takes no more, also with a higher limit

-- new_plan: the rules of some queues, and the groups that a call has made by them: lines, data, as end_tickets and
-- propose take them. policy is the name of a built-in one, else the version of one that source defines; the source of
-- rules is their JSON. most is how many tickets a call may take, total how many it takes.
local function new_plan(policy, source, names, size, interval, ready, version)
  local plan = {
    kind = "matched", size = size, interval = interval, ready = ready, proposing = ready > 0, rules = version,
    phases = {}, lines = {}, policy = built_in[policy], most = max_tickets,
  }
  if policy == "rules" then
    follow_rules(plan, source)
  elseif not plan.policy then
    plan.guest, plan.most = sandbox(policy, source, names), max_decoded
  end
  return plan
end
