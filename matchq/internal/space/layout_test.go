package space

import (
	"reflect"
	"strings"
	"testing"
)

// wakeArgs are the arguments of match/wake, whose header has a group.
type wakeArgs struct {
	Version string    `lua:"version"`
	Rows    []wakeRow `lua:"row"`
}

type wakeRow struct {
	Queue      string `lua:"queue"`
	IntervalMS int64  `lua:"interval_ms"`
	PhaseMS    int64  `lua:"phase_ms"`
}

func lay[A any](t *testing.T, script string, args A) ([]string, []any) {
	t.Helper()
	l, err := newLayout[A](script)
	if err != nil {
		t.Fatal(err)
	}
	call := l.lay(New(Config{Namespace: "game", Guard: Guard{Fingerprint: "settings"}}), &args)
	if got := cap(call); got != len(call) {
		t.Errorf("there is room for %d words, and %d are needed", got, len(call))
	}
	for i, word := range call {
		if v := reflect.ValueOf(word); v.Kind() == reflect.Pointer {
			call[i] = v.Elem().Interface()
		}
	}
	rest := call[head:]
	var keys []string
	for range call[head-1].(int) {
		keys, rest = append(keys, rest[0].(string)), rest[1:]
	}
	return keys, rest
}

func TestLayoutFollowsTheHeader(t *testing.T) {
	keys, args := lay(t, "match/wake", wakeArgs{Version: "1.a", Rows: []wakeRow{{"history", 5000, 12}, {"maths", 1000, 34}}})
	if want := []string{"{game}:meta", "{game}:due"}; !reflect.DeepEqual(keys, want) {
		t.Errorf("keys: %q", keys)
	}
	if want := []any{"1.a", "history", int64(5000), int64(12), "maths", int64(1000), int64(34)}; !reflect.DeepEqual(args, want) {
		t.Errorf("arguments: %#v", args)
	}
}

// Arguments by column, with counted rows and keys that follow from a run's queue.
func TestLayoutOfColumns(t *testing.T) {
	type run struct {
		LastRow    int    `lua:"last_row"`
		TTLMS      int64  `lua:"ttl_ms"`
		IntervalMS int64  `lua:"interval_ms"`
		PhaseMS    int64  `lua:"phase_ms"`
		Queue      string `lua:"queue"`
	}
	type row struct {
		Body   string `lua:"body"`
		ID     string `lua:"id"`
		Player string `lua:"player"`
	}
	type enqueue struct {
		Rows    []row  `lua:"row"`
		Runs    []run  `lua:"run"`
		Version string `lua:"version"`
		Recent  int    `lua:"recent"`
		Moved   bool   `lua:"moved"`
	}
	keys, args := lay(t, "match/enqueue", enqueue{
		Version: "1.a", Runs: []run{{2, 60000, 5000, 7, "history"}, {3, 0, 9, 8, "maths"}},
		Rows: []row{{"x", "1", "alice"}, {"y", "2", "bob"}, {"z", "3", "carol"}},
	})
	if want := []string{"{game}:waiting:history", "{game}:waiting:maths"}; !reflect.DeepEqual(keys[7:], want) {
		t.Errorf("keys: %q", keys)
	}
	want := []any{
		"1.a", 3, 0, 0, "history", int64(5000), int64(7), int64(60000), 2, "maths", int64(9), int64(8), int64(0), 3,
		"1", "2", "3", "alice", "bob", "carol", "x", "y", "z",
	}
	if !reflect.DeepEqual(args, want) {
		t.Errorf("arguments: %#v", args)
	}
}

// Flags, optional numbers, and a key of one argument.
func TestLayoutOfKinds(t *testing.T) {
	type pause struct {
		Version    string `lua:"version"`
		Queue      string `lua:"queue"`
		Pausing    bool   `lua:"pausing"`
		IntervalMS int64  `lua:"interval_ms"`
		PhaseMS    *int64 `lua:"phase_ms"`
	}
	if _, args := lay(t, "match/pause", pause{Queue: "history", Pausing: true}); !reflect.DeepEqual(args, []any{"", "history", 1, int64(0), ""}) {
		t.Errorf("arguments: %#v", args)
	}
	phase := int64(9)
	if _, args := lay(t, "match/pause", pause{Queue: "history", PhaseMS: &phase}); !reflect.DeepEqual(args, []any{"", "history", 0, int64(0), int64(9)}) {
		t.Errorf("arguments: %#v", args)
	}
	type room struct {
		Room string `lua:"room"` // no argument: only the key follows from it
	}
	type exist struct {
		Rows []room `lua:"row"`
	}
	if keys, args := lay(t, "rooms/exist", exist{Rows: []room{{"r1"}}}); len(args) != 0 || !reflect.DeepEqual(keys, []string{"{game}:room:r1"}) {
		t.Errorf("keys %q, arguments %#v", keys, args)
	}
}

func refused[A any](t *testing.T, script, want string) {
	t.Helper()
	if _, err := newLayout[A](script); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%s: error %v, want one that says %q", script, err, want)
	}
}

type settleArgs struct {
	Limit int `lua:"limit"`
}

// A guarded script gets the settings first.
func TestLayoutOfGuarded(t *testing.T) {
	if _, args := lay(t, "match/settle", settleArgs{Limit: 32}); !reflect.DeepEqual(args, []any{"settings", 32}) {
		t.Errorf("arguments: %#v", args)
	}
}

func TestLayoutRefusesWhatDoesNotFit(t *testing.T) {
	refused[wakeArgs](t, "match/none", "file does not exist")
	refused[struct {
		Rows []wakeRow `lua:"row"`
	}](t, "match/wake", "no field for the argument version")
	refused[struct {
		Version string    `lua:"version"`
		Reason  string    `lua:"reason"`
		Rows    []wakeRow `lua:"row"`
	}](t, "match/wake", "no argument reason")
	refused[struct {
		Version string `lua:"version"`
	}](t, "match/wake", "no slice of structs for the group row")
	refused[struct {
		Limit string `lua:"limit"`
	}](t, "match/settle", "limit can't be a string")
	refused[struct {
		Version string `lua:"version"`
		Rows    []struct {
			Queue string `lua:"queue"`
		} `lua:"row"`
	}](t, "match/wake", "no field for the argument interval_ms")
	refused[struct {
		IntervalMS int64
	}](t, "match/wake", "IntervalMS has no tag")
	refused[struct {
		Rows []struct{} `lua:"row"`
	}](t, "rooms/read", "no field room, from which the key room_key follows")
}

// Bind fails at once, when the package is loaded, if Go and Lua do not fit.
func TestBindPanics(t *testing.T) {
	defer func() {
		if problem, _ := recover().(string); !strings.Contains(problem, "match/wake") {
			t.Errorf("panic: %q", problem)
		}
	}()
	Bind[struct{}]("match/wake")
}

// Keys and arguments may have their groups in different orders.
func TestLayoutOfTwoOrders(t *testing.T) {
	type plan struct {
		IntervalMS int64  `lua:"interval_ms"`
		Size       int    `lua:"size"`
		ReadyMS    int64  `lua:"ready_ms"`
		Policy     string `lua:"policy"`
		Source     string `lua:"source"`
		Names      string `lua:"names"`
	}
	type row struct {
		Queue   string `lua:"queue"`
		Plan    int    `lua:"plan"`
		PhaseMS int64  `lua:"phase_ms"`
		Fence   string `lua:"fence"`
	}
	type tick struct {
		Version string `lua:"version"`
		Limit   int    `lua:"limit"`
		Plans   []plan `lua:"plan"`
		Rows    []row  `lua:"row"`
	}
	_, args := lay(t, "match/tick", tick{
		Version: "1.a", Limit: 32, Plans: []plan{{5000, 2, 0, "fifo", "", ""}}, Rows: []row{{"history", 1, 7, "9"}},
	})
	want := []any{"1.a", 32, 1, int64(5000), 2, int64(0), "fifo", "", "", "history", 1, int64(7), "9"}
	if !reflect.DeepEqual(args, want) {
		t.Errorf("arguments: %#v", args)
	}
}
