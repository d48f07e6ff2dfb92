package rooms

import (
	"errors"
	"testing"

	"github.com/matchq/matchq/matchq/internal/testkit"
)

func FuzzReadReply(f *testing.F) {
	for _, seed := range []string{"", "i1li2sdoc\x00i9ele", "i1li2ele", "i1lele", "i1lsx\x00ele", "n", "i1li0sdoc\x00i0ele"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		all, err := decodeRooms(testkit.Reply("rooms/read", data), []string{"a", "b"})
		for i, room := range all {
			if room.ID != string("ab"[i]) || err == nil && (room.Doc == nil) != (room.Version == 0) {
				t.Errorf("%+v, %v", room, err)
			}
		}
	})
}

func FuzzChangeReply(f *testing.F) {
	for _, seed := range []string{"", "schanged\x00i2", "sconflict\x00i2", "slate\x00i2", "swhat\x00i2", "schanged\x00", "i1", "sfull\x00i2i1", "sfull\x00i2i2"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		values := testkit.Values(data)
		version, err := decodeChange(testkit.Reply("rooms/change", data), []Seat{{Player: "a", Max: 1}})
		if full, ok := errors.AsType[*FullError](err); ok && full.Seat.Player != "a" {
			t.Errorf("%v of %v", full, values)
		}
		if err == nil && (values[0] != "changed" || values[1] != version) {
			t.Errorf("version %d of %v", version, values)
		}
	})
}

func FuzzRoomsOfReply(f *testing.F) {
	for _, seed := range []string{"", "lele", "lsa\x00sb\x00ele", "li1ele", "lsa\x00e", "i1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if all, err := decodeRoomsOf(testkit.Reply("rooms/rooms_of", data), 2); err == nil && (len(all) != 2 || len(testkit.Values(data)) < 2) {
			t.Errorf("rooms without an error: %v", all)
		}
	})
}
