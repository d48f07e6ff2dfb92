-- count: how many rooms are to be woken some time, such as games under way. READS. O(1).
-- KEYS timers
-- RETURN {rooms}

return { call("ZCARD", timers) }
