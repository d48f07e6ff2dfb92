-- rules: the rules in force. READS. O(bytes of all rules, at most 4 MiB).
-- GUARDED
-- KEYS meta rules
-- RETURN {"ok", version ("": none are), pattern, rule…} or {"config", stored}; a rule is as in match/set_rules.lua

return { "ok", call("HGET", meta, "rules") or "", unpack(call("HGETALL", rules)) }
