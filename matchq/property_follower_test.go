package matchq_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"pgregory.net/rapid"

	"github.com/matchq/matchq/matchq"
	"github.com/matchq/matchq/matchq/matchqtest"
)

// follower watches the events through losses.
type follower struct {
	start   string // where it began
	from    int    // how many events the model had then
	stop    context.CancelFunc
	changed chan struct{}

	mu    sync.Mutex
	got   []toldEvent
	ended error
}

func startFollower(m *matchq.Matcher, start string, from int) *follower {
	ctx, stop := context.WithCancel(context.Background())
	f := &follower{start: start, from: from, stop: stop, changed: make(chan struct{}, 1)}
	go func() {
		for ev, err := range m.Watch(ctx, start) {
			if errors.Is(err, matchq.ErrUnavailable) || errors.Is(err, matchq.ErrRefused) {
				continue // while the replica takes over
			}
			f.note(&ev, err)
		}
	}()
	return f
}

func (f *follower) note(ev *matchq.Event, err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.ended = err; err == nil {
		f.got = append(f.got, toldEvent{id: ev.ID, what: whatOf(ev)})
	}
	select {
	case f.changed <- struct{}{}:
	default:
	}
}

// now returns all that it got, its place in the stream, and the error that ended it.
func (f *follower) now() (got []toldEvent, cursor string, ended error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	cursor = f.start
	if len(f.got) > 0 {
		cursor = f.got[len(f.got)-1].id
	}
	return slices.Clone(f.got), cursor, f.ended
}

// until waits until the follower has ended, or is at an event.
func (f *follower) until(t *rapid.T, at string) error {
	for patience := time.After(matchqtest.Patience); ; {
		got, cursor, ended := f.now()
		if ended != nil || cursor == at {
			return ended
		}
		select {
		case <-f.changed:
		case <-patience:
			t.Fatalf("the watcher from %q is at %q after %d events, and not at %q", f.start, cursor, len(got), at)
		}
	}
}

// settleLoss checks that the last loss is known, and the events that a watcher was told before it and after it.
func (s *lossyMachine) settleLoss(t *rapid.T) {
	if !s.unheard {
		return
	}
	s.unheard, s.heard = false, true
	err := s.oneMoreEvent()
	if err == nil {
		err = s.checkFollower(t)
	}
	if err != nil {
		t.Fatal(err)
	}
	began := time.Now()
	select {
	case <-s.onLoss:
		if took, most := time.Since(began), 5*time.Second+3*s.lag(); took > most {
			t.Fatalf("the loss was known after %v, at most %v", took, most)
		}
	case <-time.After(matchqtest.Patience):
		t.Fatalf("the loss is not known after %v", matchqtest.Patience)
	}
	for len(s.onLoss) > 0 {
		<-s.onLoss
	}
}

// checkFollower compares the events of a watcher with the model. After a gap another one takes its place.
func (s *lossyMachine) checkFollower(t *rapid.T) error {
	ended := s.follower.until(t, s.cursor)
	got, cursor, _ := s.follower.now()
	if ended != nil {
		known := cursor == matchq.FromOldest || slices.ContainsFunc(s.told, func(e toldEvent) bool { return e.id == cursor })
		if !errors.Is(ended, matchq.ErrGap) || known && !s.reborn {
			return fmt.Errorf("the watcher at %q ended, and the events are %v: %w", cursor, s.told, ended)
		}
		s.follower.stop()
		s.follower = startFollower(s.m, s.cursor, len(s.told))
		return nil
	}
	same := func(a, b toldEvent) bool { return a.id == b.id && a.what == b.what }
	if want := s.told[min(s.follower.from, len(s.told)):]; !slices.EqualFunc(got, want, same) {
		return fmt.Errorf("the watcher was told of no gap, and got\n%v, but must get\n%v", got, want)
	}
	return nil
}

// oneMoreEvent makes an event in a queue of its own.
func (s *lossyMachine) oneMoreEvent() error {
	s.fresh++
	r := matchq.Request{Queue: "events", Player: fmt.Sprint("p", s.fresh), TTL: matchq.Never}
	ticket, err := s.m.Enqueue(s.ctx, r)
	if err = s.settle([]matchq.Request{r}, []matchq.Result{{Ticket: ticket, Err: err}}); err != nil {
		return err
	}
	return s.cancel(ticket.ID)
}

// checkPositions watches from events after a loss: from a lost one there is a gap, from another one the rest comes.
func (s *lossyMachine) checkPositions(t *rapid.T, before *model) error {
	kept := len(s.told)
	if lost := before.told[kept:]; len(lost) > 0 {
		at := rapid.SampledFrom(lost).Draw(t, "lost event").id
		if err := s.wantGap(at); err != nil {
			return err
		}
	}
	if kept < 2 {
		return nil
	}
	from := rapid.IntRange(0, kept-2).Draw(t, "kept event")
	want := s.told[from+1:]
	for ev, err := range s.m.Watch(s.ctx, s.told[from].id) {
		if err != nil || ev.ID != want[0].id || whatOf(&ev) != want[0].what {
			return fmt.Errorf("from %v: %+v, %w; must be %v", s.told[from], ev, err, want[0])
		}
		if want = want[1:]; len(want) == 0 {
			break
		}
	}
	return nil
}

// wantGap watches from an event that was lost.
func (s *lossyMachine) wantGap(at string) error {
	ctx, cancel := context.WithTimeout(s.ctx, matchqtest.Patience)
	defer cancel()
	for ev, err := range s.m.Watch(ctx, at) {
		if errors.Is(err, matchq.ErrGap) {
			return nil
		}
		return fmt.Errorf("from %s, which was lost: %+v, %w", at, ev, err)
	}
	return fmt.Errorf("from %s, which was lost, comes nothing", at)
}
