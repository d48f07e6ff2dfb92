--@include lib/data.lua

-- new_rules_engine: the functions that match by rules. A call that needs them makes them once: scripts that only match
-- in order pay nothing, and their own names stay apart.
--
-- rules are what matchq/rules writes for scripts, decoded. tickets are the batch in waiting order, each with
-- player, rating (nil: none), attributes (decoded; nil: none), waited_ms, and recent: the latest opponents, the newest
-- first (nil: none). n is how many there are.
--
-- group(rules, tickets, n, total) returns a list of groups, each with tickets (positions in the batch, ascending) and
-- data, the effects of the rules: see describe_group; and the batch as the rules see it. total is how many
-- tickets the whole call groups: the more, the less work it spends on each.
-- sweep(rules, tickets, n, total, chunk) groups a part of a larger batch: see sweep_by_rules.
-- rank(rules, tickets, ids) returns the order of a larger batch: see rank_tickets.
-- earliest(batch, positions) returns in how many ms any two of some positions may first meet, math.huge if never; nil
-- if that is now, or not known: then the next window is the next visit. batch is what group returned.
-- explain(rules, tickets, n, i) returns why the ticket at position i is not matched: see explain_ticket.
-- parts are functions for policies of users' own.
local function new_rules_engine()
--@include lib/rules_group.lua
--@include lib/rules_sweep.lua
--@include lib/rules_rank.lua
--@include lib/rules_explain.lua
local parts = {
  limit_at = limit_at, read_number = read_number, elements_of = elements_of, comes_first = comes_first,
  view_rule = view_rule, rule_time = rule_time, common_of = common_of,
}
return {
  group = group_by_rules, sweep = sweep_by_rules, rank = rank_tickets, earliest = earliest_meeting,
  explain = explain_ticket, parts = parts,
}
end
