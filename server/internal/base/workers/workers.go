// Package workers does tasks on goroutines that are used again. A goroutine keeps the stack that it has once needed, up to
// 16 KB for a request: too much for each of many connections that are idle most of the time.
package workers

import (
	"fmt"
	"runtime/debug"
	"time"
)

// idleFor is how long a worker waits for another task.
const idleFor = 10 * time.Second

// Pool is a set of workers, as many as tasks are under way at once. The zero value is not usable.
type Pool struct {
	tasks chan func() // unbuffered: only an idle worker takes a task
}

// New makes a Pool.
func New() *Pool { return &Pool{make(chan func())} }

// Do does a task and returns when it has ended. The caller bounds how many are under way. A panic of the task becomes one
// of the caller, with the stack of both.
func (p *Pool) Do(task func()) {
	var failed any
	done := make(chan struct{})
	toEnd := func() {
		defer close(done)
		defer func() {
			if failed = recover(); failed != nil {
				failed = fmt.Errorf("%v, in a worker:\n%s", failed, debug.Stack())
			}
		}()
		task()
	}
	select {
	case p.tasks <- toEnd:
	default:
		go p.work(toEnd)
	}
	if <-done; failed != nil {
		panic(failed)
	}
}

// work does a task, and then those that come.
func (p *Pool) work(task func()) {
	idle := time.NewTimer(idleFor)
	defer idle.Stop()
	for {
		task()
		idle.Reset(idleFor)
		select {
		case task = <-p.tasks:
		case <-idle.C:
			return
		}
	}
}
