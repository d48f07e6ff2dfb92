package history

import (
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/internal/testkit"
)

func FuzzMinutesReply(f *testing.F) {
	for _, seed := range []string{
		"", "i1le", "i1lsfirst\x00s1 0 0 0 0 0\x00slast\x00s2 0 0 0 0 0\x00smost\x00s2\x00snode:a\x00shello\x00e",
		"i1lsfirst\x00s1 0\x00slast\x00sx\x00smost\x00e", "i1lsfirst\x00e", "i1i1",
	} {
		f.Add([]byte(seed))
	}
	start := time.Unix(60, 0)
	f.Fuzz(func(t *testing.T, data []byte) {
		minutes, err := decodeMinutes(testkit.Reply("history/minutes", data), []time.Time{start})
		if err == nil && (len(minutes) > 1 || len(minutes) == 1 && !minutes[0].Start.Equal(start)) {
			t.Errorf("minutes without an error: %+v", minutes)
		}
	})
}

func FuzzRecordedReply(f *testing.F) {
	for _, seed := range []string{"", "i1i1i\xff", "i1i0i0", "i1i1", "i1s1\x00i1"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		recorded, err := decodeRecorded(testkit.Reply("history/record", data))
		if err == nil && len(testkit.Values(data)) < 3 {
			t.Errorf("recorded without an error: %+v", recorded)
		}
	})
}

func FuzzQueueMinutesReply(f *testing.F) {
	for _, seed := range []string{"", "i1li1e", "i1ls1 2 3 4\x00i1e", "i1ls\x00i1e", "i1ls1 2\x00i1e", "i1ls\x00e", "i1i1"} {
		f.Add([]byte(seed))
	}
	start := time.Unix(60, 0)
	f.Fuzz(func(t *testing.T, data []byte) {
		var p pastQueue
		err := p.decode(testkit.Reply("history/queue_minutes", data), []time.Time{start})
		if err == nil && (len(p.minutes) > 1 || len(p.minutes) == 1 && p.minutes[0].Matches < 0) {
			t.Errorf("minutes without an error: %+v", p.minutes)
		}
	})
}
