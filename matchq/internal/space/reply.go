package space

import "fmt"

// Reply reads a script's answer value by value. The first value that is not as expected is kept as Err, and all values
// read after it are zero, so that a caller asks for Err once, at the end.
type Reply struct {
	Err    error
	script string
	rest   []any
	lost   bool // an earlier attempt had no answer
}

// NewReply is the answer of a script, for tests of decoders.
func NewReply(script string, values ...any) *Reply { return &Reply{script: script, rest: values} }

func (r *Reply) next() any {
	if len(r.rest) == 0 {
		r.Failf("it ends too early")
		return nil
	}
	value := r.rest[0]
	r.rest = r.rest[1:]
	return value
}

// Failf says that the reply is not as expected.
func (r *Reply) Failf(format string, args ...any) {
	if r.Err == nil {
		r.Err = fmt.Errorf("matchq: unexpected reply of %s: %s", r.script, fmt.Sprintf(format, args...))
		r.rest = nil
	}
}

// More says whether there are more values.
func (r *Reply) More() bool { return len(r.rest) > 0 }

// Text reads a string.
func (r *Reply) Text() string {
	value := r.next()
	text, ok := value.(string)
	if !ok {
		r.Failf("%T is not a string", value)
	}
	return text
}

// Texts reads the rest, strings.
func (r *Reply) Texts() []string {
	var all []string
	for r.More() {
		all = append(all, r.Text())
	}
	return all
}

// Number reads an integer.
func (r *Reply) Number() int64 {
	value := r.next()
	number, ok := value.(int64)
	if !ok {
		r.Failf("%T is not a number", value)
	}
	return number
}

// Index reads a number from 1 to n, as Lua counts, and returns it as Go does.
func (r *Reply) Index(n int) int {
	i := r.Number()
	if i < 1 || i > int64(n) {
		r.Failf("%d is not from 1 to %d", i, n)
		return 0
	}
	return int(i - 1)
}

// List reads a list, to be read by itself. Its error is the caller's to fetch with Done.
func (r *Reply) List() *Reply {
	value := r.next()
	rest, ok := value.([]any)
	if !ok {
		r.Failf("%T is not a list", value)
	}
	return &Reply{script: r.script, rest: rest, Err: r.Err}
}

// Done takes over the error of a list that was read.
func (r *Reply) Done(list *Reply) {
	if r.Err == nil && list.Err != nil {
		r.Err, r.rest = list.Err, nil
	}
}

// Fields reads a list of names and values.
func (r *Reply) Fields() map[string]string {
	list := r.List()
	fields := make(map[string]string, len(list.rest)/2)
	for list.More() {
		name := list.Text()
		fields[name] = list.Text()
	}
	r.Done(list)
	return fields
}
