package codec

import "testing"

const (
	someRecord  = "1700000060000\thistory\t60000\talice\t1.5\there\t{\"a\":1}"
	otherRecord = "4853600000000\thistory\t3153600000000\tbob\t\t\t"
)

func FuzzRecord(f *testing.F) {
	for _, seed := range []string{
		someRecord, otherRecord, "1700000060000\thistory\t60000!.2\talice\t\t\t", "1\ta\t2.x\tb\t\t\t", "",
		"\t\t\t\t\t\t", "1\t2\ta\tb\tx\t\t", "1\t2\ta\tb\t\t", "9999999999999999999\t1\ta\tb\t\t\t",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, record string) {
		first, err := ParseRecord(record)
		if err != nil {
			return
		}
		// Written again it is the same, apart from the spelling of numbers.
		again, err := ParseRecord("1\t" + first.Body())
		if err != nil || again.Body() != first.Body() {
			t.Errorf("%q became %q, %v", first.Body(), again.Body(), err)
		}
	})
}

func FuzzPlaceID(f *testing.F) {
	for _, seed := range []string{"1-2-3", "1-2", "-", "--", "1-2--3", "1--2", "x-2-3", "", "1-2-3-4"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, id string) {
		entryID, place, ok := SplitPlaceID(id)
		if !ok {
			return
		}
		if again, back, ok := SplitPlaceID(PlaceID(entryID, place)); !ok || again != entryID || back != place || place < 0 {
			t.Errorf("%q is place %d of %q, and then place %d of %q", id, place, entryID, back, again)
		}
	})
}

// FuzzOutcome reads the value of a ticket that has ended.
func FuzzOutcome(f *testing.F) {
	for _, seed := range []string{"p\t1-0-0\t" + someRecord, "p\t1-0-0", "m\t1-0-0", "c\t1-0-0", "e\t1-0-0", "", "m", "\t", "m\t-", "1", "x\t1-0-0"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, outcome string) {
		if IsRecord(outcome) && StateOf(outcome) != Waiting {
			t.Errorf("%q is a record and an outcome", outcome)
		}
		if entry := OutcomeEntry(outcome); len(entry) > len(outcome) {
			t.Errorf("%q names entry %q", outcome, entry)
		}
	})
}

// FuzzSequel reads sequels of matches.
func FuzzSequel(f *testing.F) {
	for _, seed := range []string{"", `{"connection":"x"}`, "\t9\tx\ta\t-", "{}\t9\tx\t\t", "\t", "\t9", "\tx\tx\ta\tb", `{"connection":1}`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSequel(text, 2)
		if err != nil {
			return
		}
		if s.ReleasedMS != 0 && len(s.Successors) != 2 {
			t.Errorf("%q without an error: %+v", text, s)
		}
		if connection, data, err := ParseAssignment(s.Assignment); err == nil {
			if again, err := AssignmentText(connection, string(data)); err != nil || again == "" {
				t.Errorf("%q is %q, %v", s.Assignment, again, err)
			}
		}
	})
}

// FuzzProposal reads the value of a proposed match.
func FuzzProposal(f *testing.F) {
	for _, seed := range []string{"o\t9\t8\t7\t6\t01\thistory\t1.a\t0\t\ta\tb", "o\t9\t8\t7\t6\t01\thistory\t1.a\t1\t{}\ta", "m\t1-0", "c\t1-0\t\ta\tb", "c\t1-0\t2-0\ta", "c\t\t2-0\ta", "", "o", "m", "c\t", "x\t1"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		p, err := ParseProposal(value)
		if err == nil && p.State == Proposed && (len(p.IDs) == 0 || len(p.IDs) != len(p.Accepted)) {
			t.Errorf("%q without an error: %+v", value, p)
		}
	})
}
