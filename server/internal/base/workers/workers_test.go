package workers_test

import (
	"bytes"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/matchq/matchq/server/internal/base/workers"
)

// goroutine is the number of the goroutine that calls.
func goroutine() string {
	name, _, _ := bytes.Cut(debugStack(), []byte(" ["))
	return string(name)
}

func debugStack() []byte {
	stack := make([]byte, 64)
	return stack[:runtime.Stack(stack, false)]
}

// One task after another has the same worker, which is not the caller.
func TestWorkersAreUsedAgain(t *testing.T) {
	pool := workers.New()
	seen := map[string]bool{}
	const tasks = 1000
	for range tasks {
		pool.Do(func() { seen[goroutine()] = true })
		runtime.Gosched() // the worker may not wait yet
	}
	if len(seen) > tasks/10 || seen[goroutine()] {
		t.Errorf("%d workers for %d tasks, one after another", len(seen), tasks)
	}
}

func TestTasksRunAtOnce(t *testing.T) {
	pool := workers.New()
	const tasks = 10
	var callers, together sync.WaitGroup
	together.Add(tasks)
	for range tasks {
		callers.Go(func() {
			pool.Do(func() {
				together.Done()
				together.Wait()
			})
		})
	}
	callers.Wait()
}

func TestPanicReachesTheCaller(t *testing.T) {
	pool := workers.New()
	defer func() {
		if text := fmt.Sprint(recover()); !strings.Contains(text, "broken") || !strings.Contains(text, "workers_test.go") {
			t.Errorf("got %s", text)
		}
		pool.Do(func() {}) // goes on
	}()
	pool.Do(func() { panic("broken") })
}
