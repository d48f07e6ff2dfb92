package presence

import "time"

// The part of a table that orders messages.

// hear takes a message that came by the channel.
func (t *table) hear(msg *Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	a := t.attached[msg.Player]
	switch {
	case a == nil: // the player has moved on
	case a.epoch != t.epoch: // older ones come first, so it is left in the mailbox
	case !a.connecting && !a.syncing:
		t.handOver(a, msg)
	case len(a.buffered) < MailboxSize:
		a.buffered = append(a.buffered, *msg)
	default:
		a.buffered, a.epoch = nil, neverAsked
	}
}

// handOver hands a message over unless that was done before. A mailbox that is gone, since it was silent for so long, may
// begin anew with earlier seqs if Redis's clock was set back.
func (t *table) handOver(a *attachment, msg *Message) {
	if !seqAfter(msg.Seq, a.last) && !t.mayBeGone(a) {
		return
	}
	a.last, a.lastAt = msg.Seq, t.now()
	given := *msg
	given.Conn = a.conn
	t.deliver(given)
}

// mayBeGone says whether a mailbox has been silent for as long as it is kept.
func (t *table) mayBeGone(a *attachment) bool { return t.now().Sub(a.lastAt) >= t.keep }

// doubtMailboxes says that any mailbox may be gone: Redis's clock was set.
func (t *table) doubtMailboxes() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range t.attached {
		a.lastAt = time.Time{}
	}
}

// markStale has the next sync tell Redis of all attachments.
func (t *table) markStale() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale = true
}

// markMissed says that messages may have been missed.
func (t *table) markMissed() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale = true
	t.epoch++
}

// beginSync returns the attachments to sync: all if the table is stale, or was not synced for a time, else none. Those
// that are connecting are left out: Redis is told of them anyway.
func (t *table) beginSync(every time.Duration) []*attachment {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.stale && t.now().Sub(t.synced) <= every {
		return nil
	}
	t.stale, t.synced = false, t.now()
	var all []*attachment
	for _, a := range t.attached {
		if !a.connecting {
			all = append(all, a)
		}
	}
	return all
}

// buffer has messages wait while mailboxes are asked, until resynced or giveUp. It returns those attachments that are
// still there.
func (t *table) buffer(some []*attachment) []*attachment {
	t.mu.Lock()
	defer t.mu.Unlock()
	var attached []*attachment
	for _, a := range some {
		if t.attached[a.player] == a {
			a.syncing, a.buffered, a.epoch = true, nil, t.epoch
			attached = append(attached, a)
		}
	}
	return attached
}

// connections are some attachments as Redis is told of them.
func (t *table) connections(some []*attachment) []connection {
	t.mu.Lock()
	defer t.mu.Unlock()
	rows := make([]connection, len(some))
	for i, a := range some {
		rows[i] = *a.connection()
	}
	return rows
}

// missed says where a mailbox must be read from, of which newest is the last message; ok is false if the player has heard
// all of it.
func (t *table) missed(a *attachment, newest string) (after string, ok bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case newest == "" || newest == a.last:
		return "", false
	case seqAfter(newest, a.last):
		return a.last, true
	default:
		return "", t.mayBeGone(a)
	}
}

// resynced hands over the messages that a player missed and ends the sync of one attachment.
func (t *table) resynced(a *attachment, missed []Message) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.catchUp(a, missed)
}

// postpone ends a sync of attachments without one: their messages wait in the mailboxes.
func (t *table) postpone(some []*attachment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, a := range some {
		a.syncing, a.buffered, a.epoch = false, nil, neverAsked
		if t.attached[a.player] != a {
			t.correct(a)
		}
	}
}

func (t *table) catchUp(a *attachment, missed []Message) {
	buffered := a.buffered
	a.connecting, a.syncing, a.buffered, a.old = false, false, nil, nil
	if t.attached[a.player] != a {
		t.correct(a)
		return
	}
	for i := range missed {
		t.handOver(a, &missed[i])
	}
	if a.epoch != t.epoch { // messages before those that are buffered may have been missed
		t.stale = true
		return
	}
	for i := range buffered {
		t.handOver(a, &buffered[i])
	}
}

// correct has Redis told again of a player, since it may have heard last of an attachment that is not the player's any
// more.
func (t *table) correct(a *attachment) {
	now := t.attached[a.player]
	if now != nil {
		t.stale = true
		if now.conn == a.conn || now.old == a {
			return // the connection has not ended, or not yet
		}
	}
	t.leaving[a.conn] = a.connection()
}

// giveUp ends a sync that failed for those attachments that it did not get to.
func (t *table) giveUp(some []*attachment) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.stale = true
	for _, a := range some {
		if !a.syncing {
			continue
		}
		a.syncing, a.buffered, a.epoch = false, nil, neverAsked
		if t.attached[a.player] != a {
			t.correct(a)
		}
	}
}
