package matchq

import "fmt"

// reply reads a script's answer value by value. The first thing that is not as it should be is kept as err and
// whatever is read after it is zero, so that a caller asks once, at the end.
type reply struct {
	script string
	rest   []any
	err    error
}

func (r *reply) next() any {
	if len(r.rest) == 0 {
		r.failf("it ends too early")
		return nil
	}
	value := r.rest[0]
	r.rest = r.rest[1:]
	return value
}

func (r *reply) failf(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf("matchq: unexpected reply of %s: %s", r.script, fmt.Sprintf(format, args...))
		r.rest = nil
	}
}

func (r *reply) more() bool { return len(r.rest) > 0 }

func (r *reply) text() string {
	value := r.next()
	text, ok := value.(string)
	if !ok {
		r.failf("%T is not a string", value)
	}
	return text
}

func (r *reply) number() int64 {
	value := r.next()
	number, ok := value.(int64)
	if !ok {
		r.failf("%T is not a number", value)
	}
	return number
}

// index reads a number from 1 to n, as Lua counts, and returns it as Go does.
func (r *reply) index(n int) int {
	i := r.number()
	if i < 1 || i > int64(n) {
		r.failf("%d is not from 1 to %d", i, n)
		return 0
	}
	return int(i - 1)
}

// list reads a list, to be read by itself. Its error is the caller's to fetch with done.
func (r *reply) list() *reply {
	value := r.next()
	rest, ok := value.([]any)
	if !ok {
		r.failf("%T is not a list", value)
	}
	return &reply{script: r.script, rest: rest, err: r.err}
}

// done takes over the error of a list that was read.
func (r *reply) done(list *reply) {
	if r.err == nil && list.err != nil {
		r.err, r.rest = list.err, nil
	}
}

// fields reads a list of names and values.
func (r *reply) fields() map[string]string {
	list := r.list()
	fields := make(map[string]string, len(list.rest)/2)
	for list.more() {
		name := list.text()
		fields[name] = list.text()
	}
	r.done(list)
	return fields
}
