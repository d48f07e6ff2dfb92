package processes_test

import "encoding/json"

// pair is two friends of a crowd. One invites the other to one game after another.
type pair struct {
	inviter, friend *friend
	selfPaced       bool
}

// friend is one of a pair.
type friend struct {
	visitor

	pair    *pair
	w       *wait
	room    string // of the game, or of the last one
	invited string // the room of an invitation that came during a game
	asks    bool   // for the state, one time at a time
}

func newPair(c *crowd, name string, selfPaced bool) *pair {
	p := &pair{selfPaced: selfPaced}
	p.inviter = &friend{visitor: visitor{c: c, name: name + "-inviter", resumes: true}, pair: p}
	p.friend = &friend{visitor: visitor{c: c, name: name + "-friend", resumes: true}, pair: p}
	return p
}

// invites has the inviter invite, and play.
func (f *friend) invites() {
	defer f.leave()
	for f.c.going() {
		for range 10 {
			f.c.pause()
		}
		if !f.comesOnline() {
			continue
		}
		f.w = f.c.wait(f.name + " invites")
		if f.invite() {
			f.play()
		}
		f.w.end()
	}
}

// accepts has the friend accept, and play.
func (f *friend) accepts() {
	defer f.leave()
	for f.c.going() {
		f.c.pause()
		if !f.comesOnline() {
			continue
		}
		if f.accept() {
			f.play()
		}
		if f.w != nil {
			f.w.end()
		}
	}
}

func (f *friend) comesOnline() bool {
	if f.conn == nil && !f.enter() {
		return false
	}
	f.send("connection_queue", nil)
	return true
}

// invite returns true once the invitation is accepted.
func (f *friend) invite() bool {
	ask := func() { f.send("request_friend_game_matching", map[string]any{"friendUserId": f.pair.friend.name}) }
	ask()
	for {
		m, sound := f.hear(f.w)
		d := &m.Data
		switch {
		case sound == nothing:
			return false
		case sound == broken:
			f.comeBack()
		case m.Event == "state" && d.Room == nil:
			ask()
		case m.Event == "error" && d.Code == "already_invited": // before the connection broke
		case m.Event == "error" || d.Status == "NO_FRIEND_IN_CONNECTION_QUEUE":
			f.c.tell("invite: " + d.Code + d.Status)
			f.c.pause()
			ask()
		case f.isIn(m):
			return true
		case m.Event == "friend_request_declined":
			f.c.tell("declined " + d.Reason)
			if d.Reason == "lost" {
				f.c.lost("the invitation of "+f.name, "")
			}
			return false
		}
	}
}

// isIn says whether the friend is in a new game.
func (f *friend) isIn(m frame) bool {
	room := ""
	switch {
	case m.Event == "created_friend_match":
		room = m.Data.RoomID
	case m.Event == "state" && m.Data.Room != nil:
		room = m.Data.Room.RoomID
	}
	if room == "" || room == f.room && !f.c.fault.loses { // else it may have risen
		return false
	}
	f.room = room
	return true
}

// isInvited notes an invitation.
func (f *friend) isInvited(m frame) bool {
	room := ""
	switch {
	case m.Event == "request_game_match_to_friend":
		room = m.Data.RoomID
	case m.Event == "state" && len(m.Data.Invitations) > 0:
		room = m.Data.Invitations[0].RoomID
	}
	if room == "" || room == f.room && !f.c.fault.loses {
		return false
	}
	f.invited = room
	return true
}

// accept waits for an invitation and accepts it.
func (f *friend) accept() bool {
	f.w = nil
	defer func() { f.invited = "" }()
	for {
		if f.invited != "" && f.w == nil {
			f.w = f.c.wait(f.name + " accepts")
			f.send("accept_friend_request", map[string]any{"roomId": f.invited})
		}
		m, sound := f.hear(f.w)
		d := &m.Data
		switch {
		case sound == nothing:
			return false
		case sound == broken:
			f.comeBack()
			if f.w != nil {
				f.send("accept_friend_request", map[string]any{"roomId": f.invited})
			}
		case f.isIn(m):
			return true
		case f.isInvited(m):
		case m.Event == "error" && f.w != nil:
			f.c.tell("accept: " + d.Code)
			if d.Code == "not_found" || d.Code == "expired" {
				return false
			}
			if d.Code == "player_busy" && f.c.fault.loses { // with the last game, which has risen
				f.send("end_game_playing", map[string]any{"roomId": f.room})
			}
			f.c.pause()
			f.send("accept_friend_request", map[string]any{"roomId": f.invited})
		case m.Event == "friend_request_declined":
			return false
		}
	}
}

// comeBack has a client speak on a new connection.
func (f *friend) comeBack() {
	f.send("connection_queue", nil)
	if f.seq != "" {
		f.send("resume", map[string]any{"lastSeq": f.seq})
	}
	f.askState()
}

func (f *friend) askState() {
	f.asks = true
	f.send("get_state", nil)
}

// begin starts the game, or gets the questions of a self-paced one.
func (f *friend) begin() {
	game := map[string]any{"roomId": f.room, "questionaireId": "yesno", "limit": 4}
	if f.pair.selfPaced {
		f.send("request_question", game)
		return
	}
	f.send("start_game", game)
}

// play plays until the game is over.
func (f *friend) play() {
	if f.w != nil { // else the friend accepted before a connection broke
		f.w.end()
	}
	f.w, f.asks = f.c.wait(f.name+" begins a game"), false
	f.begin()
	for {
		m, sound := f.hear(f.w)
		d := &m.Data
		f.asks = f.asks && m.Event != "state"
		switch {
		case sound == nothing:
			return
		case sound == broken:
			f.comeBack()
		case f.isInvited(m):
		case m.Event == "error":
			f.c.tell("play: " + d.Code)
			if !f.asks || m.ID != "send_answer" {
				for range 10 { // a connection may send 50 frames a second
					f.c.pause()
				}
				f.askState()
			}
		case m.Event == "question_started" && d.RoomID == f.room:
			f.w = f.w.again(f.name + " answers a question")
			f.answer(d.Question)
		case m.Event == "get_match_question" && d.RoomID == f.room:
			f.w = f.w.again(f.name + " answers the questions")
			for _, q := range d.Questions {
				f.answer(q)
			}
		case m.Event == "state" && d.Room != nil && d.Room.RoomID == f.room:
			if d.Room.Question != nil {
				f.answer(d.Room.Question)
			} else {
				f.begin()
			}
		case m.Event == "state" && d.Room == nil && f.c.fault.loses:
			return
		case f.c.fault.loses && f.isIn(m): // an older game, or a newer one
			f.begin()
		case m.Event == "game_over" && d.RoomID == f.room:
			f.c.tell("game " + d.Reason)
			if d.Reason == "lost" {
				f.c.lost("the game of "+f.name, "")
			} else if d.Reason != "finished" && !f.c.fault.expires {
				f.c.wrongf("the game of %s ended: %s", f.name, d.Reason)
			}
			return
		}
	}
}

func (f *friend) answer(question json.RawMessage) {
	var q struct{ ID string }
	if err := json.Unmarshal(question, &q); err != nil {
		f.c.wrongf("%s is no question", question)
	}
	f.send("send_answer", map[string]any{"roomId": f.room, "questionItemId": q.ID, "answer": "yes", "gameType": "quiz"})
}
