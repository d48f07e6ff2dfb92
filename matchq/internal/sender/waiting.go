package sender

import (
	"cmp"
	"context"
	"hash/maphash"
	"slices"
)

// Key names the lines of rows that must keep their order.
type Key struct {
	Queue  string
	Player string
	ID     string // if it was chosen by the caller, who may choose one twice
}

// Pending is a row that waits for its answer.
type Pending[R, A any] struct {
	Row    R
	ctx    context.Context // the caller's, for its values
	key    Key
	hash   uint64 // of the queue
	call   uint64 // the AddAll that it came with; 0 if it came alone
	answer chan A
	taken  bool // by the sender or back from it; guarded by Sender.mu
}

var seed = maphash.MakeSeed()

func (s *Sender[R, A]) pending(ctx context.Context, row R, key Key) *Pending[R, A] {
	p := s.pool.Get().(*Pending[R, A]) //nolint:forcetypeassert // all are of this kind
	p.Row, p.ctx, p.key, p.hash, p.call, p.taken = row, ctx, key, maphash.String(seed, key.Queue), 0, false
	return p
}

// Release lets a row be used again, after its answer was taken.
func (s *Sender[R, A]) Release(p *Pending[R, A]) {
	var none R
	p.Row, p.ctx, p.key = none, nil, Key{}
	s.pool.Put(p)
}

// minEven is how many rows are not parted to make batches even: a call costs Redis as much as some rows do.
const minEven = 8

// waiting is the rows that are to be sent. All of it is guarded by Sender.mu.
type waiting[R, A any] struct {
	count   int                 // of rows that nobody took
	rows    []*Pending[R, A]    // those that came since the round began, oldest first
	round   []*Pending[R, A]    // those to be sent before them, by queue
	even    bool                // most rows of the round came one by one
	players map[string]struct{} // those with rows in the round or under way
	ids     map[string]struct{} // the chosen ids of these rows
}

// add takes rows if fewer than room wait. Rows that were taken back still stand in the lines: they are dropped before they
// are as many as those that may wait.
func (w *waiting[R, A]) add(room int, rows ...*Pending[R, A]) bool {
	if w.count >= room {
		return false
	}
	if len(w.rows)+len(w.round) >= 2*room {
		w.drop()
	}
	w.rows = append(w.rows, rows...)
	w.count += len(rows)
	return true
}

// drop drops rows that were taken back.
func (w *waiting[R, A]) drop() {
	back := func(p *Pending[R, A]) bool { return p.taken }
	for _, p := range w.round {
		if back(p) {
			w.landed(p)
		}
	}
	w.rows, w.round = slices.DeleteFunc(w.rows, back), slices.DeleteFunc(w.round, back)
}

// claim takes a row to send it, answer it or take it back, and says whether nobody did before.
func (w *waiting[R, A]) claim(p *Pending[R, A]) bool {
	if p.taken {
		return false
	}
	p.taken = true
	w.count--
	return true
}

func (w *waiting[R, A]) empty() bool { return len(w.rows)+len(w.round) == 0 }

// take moves the next rows of the round to a batch, at most limit. When the round is over, all rows that came meanwhile
// make the next one, so that no queue can keep another waiting. It returns nothing if the flights under way hold up all
// that waits.
func (w *waiting[R, A]) take(limit int, flights []*flight[R, A]) []*Pending[R, A] {
	for {
		if len(w.round) == 0 {
			if w.begin(); len(w.round) == 0 {
				return nil
			}
		}
		share := w.share(limit, flights)
		batch := make([]*Pending[R, A], 0, share)
		var held []*Pending[R, A]
		i := 0
		for ; i < len(w.round) && len(batch) < share; i++ {
			switch p := w.round[i]; {
			case p.taken: // back
				w.landed(p)
			case p.call != 0 && flies(p, flights):
				held = append(held, p)
			default:
				w.claim(p)
				batch = append(batch, p)
			}
		}
		w.round = w.round[i:]
		if len(held) > 0 {
			w.round = slices.Concat(held, w.round)
		}
		if len(batch) > 0 || len(held) > 0 {
			return batch
		}
	}
}

// share is the size of the next batch. Batches are as even as can be, beside the one under way too: a large one and a small
// one would come back and leave again as they are, and Redis would wait for the large one's callers. The rows of one call have
// one caller, who waits for all: they are not parted.
func (w *waiting[R, A]) share(limit int, flights []*flight[R, A]) int {
	calls := (len(w.round) + limit - 1) / limit
	share := (len(w.round) + calls - 1) / calls
	if !w.even {
		return share
	}
	flying := 0
	for _, f := range flights {
		flying += len(f.batch)
	}
	return min(share, max(minEven, (flying+len(w.round)+1)/maxFlights))
}

// flies says whether another row of the same call and queue is under way.
func flies[R, A any](p *Pending[R, A], flights []*flight[R, A]) bool {
	for _, f := range flights {
		if slices.ContainsFunc(f.batch, func(other *Pending[R, A]) bool {
			return other.call == p.call && other.hash == p.hash
		}) {
			return true
		}
	}
	return false
}

// begin makes a round of the rows that came, no player and no id twice. Rows of one queue go together: that costs Redis
// less than the order in which they came. Their order in a queue stays.
func (w *waiting[R, A]) begin() {
	var players, ids map[string]struct{} // of rows that are kept: none of theirs may overtake them
	kept, alone := w.rows[:0], 0
	w.round = make([]*Pending[R, A], 0, len(w.rows))
	for _, p := range w.rows {
		switch key := &p.key; {
		case p.taken: // back
		case has(w.players, key.Player) || has(players, key.Player) || key.ID != "" && (has(w.ids, key.ID) || has(ids, key.ID)):
			kept = append(kept, p)
			players, ids = with(players, key.Player), with(ids, key.ID)
		default:
			w.players[key.Player] = struct{}{}
			if key.ID != "" {
				w.ids[key.ID] = struct{}{}
			}
			w.round = append(w.round, p)
			if p.call == 0 {
				alone++
			}
		}
	}
	w.even = 2*alone > len(w.round)
	clear(w.rows[len(kept):])
	w.rows = kept
	slices.SortStableFunc(w.round, func(a, b *Pending[R, A]) int { return cmp.Compare(a.hash, b.hash) })
}

func has(set map[string]struct{}, name string) bool {
	_, found := set[name]
	return found
}

func with(set map[string]struct{}, name string) map[string]struct{} {
	if set == nil {
		set = map[string]struct{}{}
	}
	set[name] = struct{}{}
	return set
}

// landed lets the players and ids of rows fly again.
func (w *waiting[R, A]) landed(rows ...*Pending[R, A]) {
	for _, p := range rows {
		delete(w.players, p.key.Player)
		if p.key.ID != "" {
			delete(w.ids, p.key.ID)
		}
	}
}

// answerAll gives all rows that wait the same answer.
func (w *waiting[R, A]) answerAll(answer A) {
	w.landed(w.round...)
	for _, p := range slices.Concat(w.round, w.rows) {
		if w.claim(p) {
			p.answer <- answer
		}
	}
	w.round, w.rows = nil, nil
}
