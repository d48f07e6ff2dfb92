-- changes: the newest changes of the rules, the last one first. READS. O(changes kept).
-- KEYS changes
-- RETURN the changes, as match/set_rules.lua writes them

return call("LRANGE", changes, 0, -1)
