package lua

import (
	"strings"
	"testing"
)

func TestScriptsHaveOnlyWhatTheyUse(t *testing.T) {
	const source = `local a = 1
-- needed: by used.
local function needed()
  return a -- as other is not
end

-- used: it is.
local function used()
  return needed()
end

-- other: nobody calls it,
-- but itself.
local function other()
  return other(), helper()
end
local function helper()
end
local function engine()
-- inner: one of an engine.
local function inner()
end
local function idle()
end
return { inner = inner }
end
return used(engine)
`
	got := dropUnused(source)
	for name, want := range map[string]bool{"needed": true, "used": true, "other": false, "helper": false, "engine": true, "inner": true, "idle": false} {
		if strings.Contains(got, "local function "+name+"(") != want {
			t.Errorf("%s stays: %v, in\n%s", name, !want, got)
		}
	}
	if strings.Contains(got, "nobody calls it") || !strings.Contains(got, "-- used: it is.") {
		t.Errorf("comments stay with their functions:\n%s", got)
	}
}
