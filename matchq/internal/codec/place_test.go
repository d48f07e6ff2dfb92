package codec_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/internal/codec"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// A place that is cut out of an entry reads as the entry reads there.
func TestScriptsCutPlacesOutOfEntries(t *testing.T) {
	const cut = `
local lines = {}
for i = 3, #ARGV do
  lines[i - 2] = ARGV[i]
end
local id = add_entry(KEYS[1], "5", "matched", ARGV[1], "", #lines / 2, table.concat(lines, "\n"), "data", "1\n2\n3\n4")
return { id, place_of(read_entry(KEYS[1], id), tonumber(ARGV[2])) }`
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		for _, sizes := range [][]int{{2, 2, 2, 2}, {3, 3, 3, 3}, {2, 5, 3, 4}} {
			var lines []string
			ends := []int{0}
			for _, size := range sizes {
				ends = append(ends, ends[len(ends)-1]+size)
			}
			size := fmt.Sprint(sizes[0])
			if sizes[0] != sizes[1] {
				size = "2,5,3,4"
			}
			for i := range ends[4] {
				lines = append(lines, fmt.Sprint("t", i), fmt.Sprint("record ", i))
			}
			for place := range 4 {
				got := inRedis(t, env, cut, append([]any{size, place}, anys(lines)...)...)
				fields := map[string]string{}
				values := got[1].([]any)
				for i := 0; i < len(values); i += 2 {
					fields[values[i].(string)] = values[i+1].(string)
				}
				e, err := codec.ParseEntry(got[0].(string), fields)
				if err != nil {
					t.Fatal(err)
				}
				var read []string
				for id, record := range e.Lines() {
					read = append(read, id, record)
				}
				same(t, "lines", strings.Join(read, "|"), strings.Join(lines[2*ends[place]:2*ends[place+1]], "|"))
				same(t, "match", e.MatchAt(0), codec.PlaceID(e.ID, place))
				same(t, "tickets", e.Count(), sizes[place])
				same(t, "data", e.Data(0), fmt.Sprint(place+1))
			}
			for _, place := range []int{-1, 4, 1 << 40} {
				same(t, "no such place", len(inRedis(t, env, cut, append([]any{size, place}, anys(lines)...)...)), 1)
			}
		}
	})
}
