package matchq

import (
	"testing"

	"github.com/matchq/matchq/matchq/internal/rulebook"
	"github.com/matchq/matchq/matchq/internal/testkit"
)

const (
	someRecord   = "1700000060000\thistory\t60000\talice\t1.5\there\t{\"a\":1}"
	otherRecord  = "4853600000000\thistory\t3153600000000\tbob\t\t\t"
	someProposed = "p\t1-0-0\t" + someRecord
	someSequel   = `{"connection":"x","data":[1]}` + "\t1700000000002\treleased\tc\t-"
	someRestored = "skind\x00srestored\x00ssize\x00s1\x00scount\x00s1\x00sat\x001700000000001\x00sreason\x00s\x00stickets\x00sa\n" + someRecord + "\x00"
	someEntry    = "skind\x00smatched\x00ssize\x00s2\x00scount\x00s2\x00sat\x001700000000001\x00sreason\x00s\x00stickets\x00sa\n" + someRecord + "\nb\n" + otherRecord + "\x00"
)

func FuzzTicketReply(f *testing.F) {
	for _, seed := range []string{
		"i1", "", "n", "i1sa\x00s" + someRecord + "\x00", "i1sa\x00sm\t1700000000001-0-0\x00l" + someEntry + "es\x00", "i1sa\x00sm\t1700000000001-0-0\x00l" + someEntry + "es" + someSequel + "\x00",
		"i1sa\x00sm\t1700000000001-0-0\x00l" + someEntry + "es\t9\t\x00", "i1sa\x00sm\t1700000000001-0-0\x00l" + someEntry + "es{\x00",
		"i1sc\x00sm\t1700000000001-0-0\x00l" + someEntry + "e", "i1sa\x00sm\tnonsense\x00l" + someEntry + "e", "i1sa\x00s\x00",
		"i1sa\x00sm\t1-0-0\x00le", "i1sa\x00sm\t1-0-0\x00", "i1sa", "s1\x00", "i1sa\x00sm\t1-0-0\x00lskind\x00e",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		ticket, err := decodeTicket(testkit.Reply("ticket", data))
		if err == nil && (ticket.State == Matched || ticket.State == Proposed) != (ticket.Match != nil) {
			t.Errorf("ticket without an error: %+v", ticket)
		}
	})
}

func FuzzLatestReply(f *testing.F) {
	for _, seed := range []string{
		"i1sa\x00s" + someRecord + "\x00s\x00s\x00", "i1", "", "n", "i1sa\x00sm\t1-0-0\x00sb\x00s" + someProposed + "\x00", "i1sa\x00snonsense\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := testkit.Reply("latest", data)
		for _, got := range decodeLatest(r, []string{"alice", "bob"}) {
			if r.Err == nil && got.Err == nil && got.Ticket.State == "" {
				t.Errorf("ticket without an error: %+v", got.Ticket)
			}
		}
	})
}

func FuzzMatchReply(f *testing.F) {
	for _, seed := range []string{
		"", "so\t9\t8\t7\t01\thistory\ta\tb\x00s" + someProposed + "\x00s" + someProposed + "\x00", "so\t9\t8\t7\t01\thistory\ta\x00",
		"s\x00l" + someEntry + "es" + someSequel + "\x00", "s\x00l" + someEntry + "splace\x00s7\x00es\x00", "s\x00l" + someEntry + "splace\x00s-1\x00e", "sm\t1-0\x00l" + someEntry + "es\x00", "sc\t1-0\t\ta\tb\x00l" + someEntry + "e",
		"sc\t1-0\t2-0\ta\tb\x00l" + someEntry + "el" + someEntry + "es\x00", "sc\t\t2-0\ta\x00l" + someRestored + "es\t9\tx\ta\x00", "sc\x00", "sx\x00", "so\x00", "i1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		match, err := decodeMatch(testkit.Reply("match", data), "1-0-0", 10)
		if err == nil && (match.ID != "1-0-0" || match.State == "" || match.State == Proposed && len(match.Tickets) < len(match.Accepted)) {
			t.Errorf("match without an error: %+v", match)
		}
	})
}

func FuzzReleaseReply(f *testing.F) {
	for _, seed := range []string{
		"", "i1le", "i1lsc\x00s" + someRecord + "\x00sd\x00sm\t1-0-0\x00es\x00l" + someEntry + "es" + someSequel + "\x00",
		"i1lsa\x00s" + someRecord + "\x00esc\t\t2-0\ta\x00l" + someRestored + "es\t9\tx\ta\x00", "i1lsc\x00es\x00l" + someEntry + "es" + someSequel + "\x00",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		match, results, err := decodeReleased(testkit.Reply("release", data), "1-0-0")
		if err != nil || match.Released == nil {
			return
		}
		for i, r := range results {
			if len(results) != len(match.Tickets) || r.Err == nil && (r.Ticket.State == "" || r.Ticket.ID == "") {
				t.Errorf("result %d without an error: %+v of %+v", i, r, match)
			}
		}
	})
}

func FuzzTickReply(f *testing.F) {
	for _, seed := range []string{
		"", "i1i2", "i1i2li1i1i0i0i0i0eli2i0i0i1i1i1e", "i1i2li1i1i0i0i0i2sit failed\x00e", "i1i2li3i1i0i0i0i0e", "i1i2li0e", "i1i2le",
		"i1i2i3", "i1i3", "i1i\xff", "i1i1lsx\x00e", "i1i1li1i1e",
	} {
		f.Add([]byte(seed))
	}
	plan := &rulebook.Plan{}
	visits := []visit{{"history", "1700000000000", plan}, {"maths", "inf", plan}}
	f.Fuzz(func(t *testing.T, data []byte) {
		got, err := decodeTick(testkit.Reply("tick", data), visits)
		if err == nil && (got.considered < 0 || got.considered > len(visits) || len(got.reports) != len(got.visited)) {
			t.Errorf("reports without an error: %+v", got)
		}
	})
}

func FuzzEnqueueReply(f *testing.F) {
	for _, seed := range []string{
		"", "i1", "i1li1spaused\x00e", "i1li2sduplicate\x00sa\x00s" + someRecord + "\x00e", "i1li1sknown\x00sm\t1-0-0\x00e",
		"i1li3spaused\x00e", "i1li1swhat\x00e", "i1le", "i1i1", "i1li1e", "i1li1sknown\x00e",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		answers := make([]answer, 2)
		if err := decodeEnqueue(testkit.Reply("enqueue", data), answers); err != nil {
			return
		}
		for _, a := range answers {
			if a.status == statusFailed || a.status == statusUnknown {
				t.Errorf("answer without an error: %+v", a)
			}
		}
	})
}

func FuzzDueReply(f *testing.F) {
	for _, seed := range []string{
		"", "i1s\x00i0i0s\x00s\x00", "i1s\x00i0", "i1s1700000000000\x00i1i1sa\x00sb\x00shistory\x00s1700000000000\x00", "i1sinf\x00i0", "i1snan\x00i0", "i1s-1e400\x00i0shistory\x00",
		"i1i1i0", "i1s1e300\x00i1",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r := testkit.Reply("due", data)
		if due, err := decodeDue(r); err == nil && len(due.visits)*2 > len(testkit.Values(data)) {
			t.Errorf("visits without an error: %+v", due)
		}
	})
}

func FuzzQueuesReply(f *testing.F) {
	for _, seed := range []string{
		"", "i1li1i0i1s1700000000000\x00i5i0s30001 mine-0\x00eli0i2i0s\x00i0i1s\x00e", "i1li1i0i1sinf\x00i5i0s\x00ele", "i1lele", "i1i1i1", "i1li1i1i1i1i1e", "i1n",
	} {
		f.Add([]byte(seed))
	}
	names := []string{"history", "maths"}
	f.Fuzz(func(t *testing.T, data []byte) {
		queues, err := decodeQueues(testkit.Reply("queues", data), names, nil)
		if err == nil && len(queues) != len(names) {
			t.Errorf("queues without an error: %+v", queues)
		}
	})
}

func FuzzEntry(f *testing.F) {
	f.Add("1700000000001", "matched", "2", "", "a\n"+someRecord+"\nb\n"+otherRecord)
	f.Add("1700000000001", "cancelled", "1", "drained", "a\n"+someRecord)
	f.Add("1700000000001", "proposed", "2", "", "a\n"+someRecord+"\nb\n"+otherRecord)
	f.Add("1700000000001", "restored", "1", "declined", "a\n"+someRecord)
	f.Add("1", "expired", "1", "", "a\n"+someRecord+"\nb\n"+otherRecord+"\n")
	f.Add("", "matched", "2", "", "")
	f.Add("x", "waiting", "0", "", "\n\n\n")
	f.Add("1", "matched", "9223372036854775807", "", "a\n"+someRecord)
	f.Add("1", "matched", "-1", "", "a\n"+someRecord)
	f.Add("1700000000001", "assigned", "2", "", "a\n"+someRecord+"\nb\n"+otherRecord)
	f.Add("1700000000001", "released", "2", "crashed", "a\n"+someRecord+"\nb\n"+otherRecord)
	f.Fuzz(func(t *testing.T, at, kind, size, reason, tickets string) {
		e, err := parseEntry("1-0", map[string]string{"at": at, "kind": kind, "size": size, "reason": reason, "tickets": tickets, "deadline": at})
		if kind == "assigned" || kind == "released" {
			e, err = parseEntry("1-0", map[string]string{
				"at": at, "kind": kind, "size": size, "count": size, "reason": reason, "tickets": tickets, "match": "1-0-0", "made": at, "sequel": someSequel,
			})
		}
		if err != nil {
			return
		}
		named := 0
		for place := range e.Places() {
			ev := e.event(place)
			named += len(ev.Tickets())
		}
		if named != len(e.tickets) || named == 0 {
			t.Errorf("events name %d tickets of %d", named, len(e.tickets))
		}
		if found, ok := e.find(e.tickets[0].ID); !ok || (found.Match != nil) != (e.Kind == string(Matched)) {
			t.Errorf("first ticket: %+v", found)
		}
	})
}
