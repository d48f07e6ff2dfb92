package rulebook

import "math/rand/v2"

// Stride says which due queues to look at. Queues whose rules this version can't read stay due: they must not hide others.
type Stride struct {
	page     int // queues of a look
	offset   int
	stepping bool // from the first due queue over those that can't be ticked
}

// NewStride makes a Stride for looks at so many queues.
func NewStride(page int) *Stride { return &Stride{page: page} }

// Offset is where the next look begins. Nodes start at different places, so that they don't do each other's work.
func (s *Stride) Offset() int {
	if s.stepping {
		return s.offset
	}
	return rand.IntN(4) * s.page
}

// Saw is told how many queues a look found, and how many of them can't be ticked. It says whether to look again at once.
func (s *Stride) Saw(found, unread int) bool {
	switch {
	case found < s.page: // those were the last ones
		s.stepping = false
		return false
	case s.stepping:
		s.offset += unread // the others are due no longer
	case unread > 0:
		s.stepping, s.offset = true, 0
	}
	return true
}
