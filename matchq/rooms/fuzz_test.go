package rooms

import (
	"errors"
	"testing"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/internal/testkit"
)

func FuzzRoomReply(f *testing.F) {
	for _, seed := range []string{"", "i1", "i1i2sdoc\x00", "i1i2", "i1sx\x00", "n", "i1i2i3"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		room, err := decodeRoom(testkit.Reply("rooms/room", data), "r")
		if room.ID != "r" || errors.Is(err, matchq.ErrNotFound) && room.Doc != nil || err == nil && room.Doc == nil {
			t.Errorf("%+v, %v", room, err)
		}
	})
}

func FuzzChangeReply(f *testing.F) {
	for _, seed := range []string{"", "schanged\x00i2", "sconflict\x00i2", "slate\x00i2", "swhat\x00i2", "schanged\x00", "i1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		values := testkit.Values(data)
		version, err := decodeChange(testkit.Reply("rooms/change", data))
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
