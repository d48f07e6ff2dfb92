package processes_test

import (
	"math/rand/v2"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// fleet is the servers of a test that kills some of them.
type fleet struct {
	t    *testing.T
	env  *matchqtest.Env
	args []string

	mu     sync.Mutex
	nodes  []*process
	killed map[*process]bool
	dead   int // how many ended by themselves
}

func startFleet(t *testing.T, env *matchqtest.Env, nodes int, args ...string) *fleet {
	t.Helper()
	f := &fleet{t: t, env: env, args: args, killed: map[*process]bool{}}
	t.Cleanup(func() { f.kill(len(f.nodes)) })
	for range nodes {
		f.add()
	}
	return f
}

// add starts one more node.
func (f *fleet) add() {
	p, err := launch(f.t, os.Args[0], f.env, 3*time.Second, f.args...) // the crowd may lose an answer
	if err != nil {
		f.t.Errorf("start a node: %v", err)
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nodes = append(f.nodes, p)
	go func() {
		<-p.ended
		f.mu.Lock()
		defer f.mu.Unlock()
		if !f.killed[p] {
			f.dead++
			f.t.Error("a node has ended by itself")
		}
	}()
}

// kill kills so many nodes at once, like kill -9.
func (f *fleet) kill(count int) {
	f.mu.Lock()
	rand.Shuffle(len(f.nodes), func(i, j int) { f.nodes[i], f.nodes[j] = f.nodes[j], f.nodes[i] })
	victims := f.nodes[:count]
	f.nodes = append([]*process(nil), f.nodes[count:]...)
	for _, p := range victims {
		f.killed[p] = true
	}
	f.mu.Unlock()
	var killing sync.WaitGroup
	for _, p := range victims {
		killing.Go(p.kill)
	}
	killing.Wait()
}

// url returns the address of some node.
func (f *fleet) url() string {
	f.mu.Lock()
	defer f.mu.Unlock()
	if len(f.nodes) == 0 {
		return ""
	}
	return f.nodes[rand.IntN(len(f.nodes))].url
}

// ended returns how many nodes ended by themselves.
func (f *fleet) ended() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.dead
}
