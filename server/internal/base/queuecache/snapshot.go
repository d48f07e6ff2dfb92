package queuecache

import (
	"sync"

	"github.com/matchq/matchq/matchq"
)

// Snapshot is the state of all queues at one time.
type Snapshot struct {
	Queues []matchq.Queue // by name; must not change

	mu      sync.Mutex
	derived map[any]any
}

// Derive returns what from makes of the queues. It is made once a key, for all who ask: clients get the same bytes, so
// those that do not read them cost no memory of their own. Keys must be few, and of a type of the caller's own.
func Derive[T any](s *Snapshot, key any, from func([]matchq.Queue) T) T {
	s.mu.Lock()
	defer s.mu.Unlock()
	if made, ok := s.derived[key].(T); ok {
		return made
	}
	made := from(s.Queues)
	if s.derived == nil {
		s.derived = map[any]any{}
	}
	s.derived[key] = made
	return made
}
