-- Meta's blind_span is <from> SPACE <until> (ms): between them nobody counts as absent, since Redis was replaced or
-- emptied, and the nodes have yet to say again which players they have. A clock that is set back ends the span.

-- blind_until: the end of a span that a time lies in; nil for no such span.
local function blind_until(span, now)
  local from, till = string.match(span or "", "^(%d+) (%d+)$")
  if from and tonumber(from) <= now and now < tonumber(till) then
    return tonumber(till)
  end
  return nil
end
