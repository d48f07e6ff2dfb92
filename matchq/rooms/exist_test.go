package rooms_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/rooms"
)

// Exist tells stored rooms from others, and from those that were removed; more than a call takes.
func TestExist(t *testing.T) {
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		r, _ := newRooms(t, env)
		var ids []string
		want := make([]bool, 300)
		for i := range want {
			ids = append(ids, fmt.Sprint("room", i))
			if want[i] = i%100 == 7; want[i] {
				change(t, r, rooms.Change{ID: ids[i], Doc: []byte("x"), Keep: time.Minute})
			}
		}
		change(t, r, rooms.Change{ID: "room107", Version: 1})
		want[107] = false
		if got, err := r.Exist(t.Context(), ids...); err != nil || !slices.Equal(got, want) {
			t.Errorf("%v, %v", got, err)
		}
	})
}
