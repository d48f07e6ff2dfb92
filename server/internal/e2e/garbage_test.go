package e2e_test

import (
	"context"
	"io"
	"math/rand/v2"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// chaos sends frames and requests to a server, many of them nonsense. $user is the player of the connection, $friend
// any player; $room, $match, $ticket and $seq stand for names that the server has sent.
type chaos struct {
	*testing.T
	url    string
	routes []string
	seed   uint64
	sent   atomic.Int64 // frames

	mu   sync.Mutex
	said map[string][]string // names by key
}

// plainEvents are valid frames. The others are made from them.
var plainEvents = []string{
	`{"event":"check_socket_id","data":{},"id":1}`, `{"event":"get_connection_status","id":{"a":1}}`,
	`{"event":"connection_queue","data":{"userId":$user}}`, `{"event":"connection_queue","data":{"userId":$user},"id":2}`,
	`{"event":"create_general_game_match","data":{"userId":$user,"questionaireId":"history","rating":1500,"attributes":{"a":[1,null]}},"id":"x"}`,
	`{"event":"create_general_game_match","data":{"questionaireId":7}}`, `{"event":"cancel_request_general_match"}`,
	`{"event":"create_general_game_match","data":{"questionaireId":"music"}}`,
	`{"event":"get_state","data":{},"id":3}`, `{"event":"resume","data":{"userId":$user,"lastSeq":$seq}}`, `{"event":"resume","data":{"lastSeq":$seq}}`,
	`{"event":"accept_match","data":{"matchId":$match}}`, `{"event":"decline_match","data":{"matchId":$match},"id":4}`,
	`{"event":"request_friend_game_matching","data":{"friendUserId":$friend}}`, `{"event":"request_friend_game_matching","data":{"friendUserId":$friend}}`,
	`{"event":"accept_friend_request","data":{"roomId":$room}}`, `{"event":"decline_friend_request","data":{"roomId":$room}}`,
	`{"event":"request_question","data":{"roomId":$room,"questionaireId":"history","limit":3}}`,
	`{"event":"start_game","data":{"roomId":$room,"questionaireId":"music","limit":2}}`, `{"event":"start_game","data":{"roomId":$room}}`,
	`{"event":"send_answer","data":{"roomId":$room,"questionItemId":"history-1","answer":1,"gameType":"x"}}`,
	`{"event":"send_answer","data":{"roomId":$room,"questionItemId":1,"answer":"yes"}}`, `{"event":"end_game_playing","data":{"roomId":$room}}`,
}

// dialect is a way to connect, with its other frames besides events.
type dialect struct {
	path, mark string // mark: the prefix of a Socket.IO event
	frames     []string
}

var dialects = []dialect{
	{"/ws", "", nil},
	{"/socket.io/?EIO=4&transport=websocket", "42/sunapp,", []string{
		`40/sunapp,{"token":"t1","pid":"x","offset":$seq}`, `40`, `40/sunapp,`, `41/sunapp,`, `2probe`, `3`, `3`, `1`, `5`, `6`, `43/sunapp,0[1]`, `44/sunapp,{}`,
		`452-/sunapp,1["x",{"_placeholder":true,"num":0}]`, `461-0[{"_placeholder":true,"num":0}]`, `bAAEC`, `40/other,`,
	}},
	{"/socket.io/?EIO=3&transport=websocket", "42/sunapp,7", []string{
		`40/sunapp?token=t1,`, `40/sunapp,`, `41/sunapp,`, `2`, `421["get_connection_status"]`, `451-["x",{"_placeholder":true,"num":0}]`, `41`, `40`,
	}},
}

var socketIO = regexp.MustCompile(`^\{"event":("\w+")(?:,"data":(.*?\}))?(?:,"id":.*)?\}$`)

// event encodes a plain event in this dialect.
func (d *dialect) event(plain string) []byte {
	if d.mark == "" {
		return []byte(plain)
	}
	parts := socketIO.FindStringSubmatch(plain)
	if parts[2] == "" {
		parts[2] = "{}"
	}
	return []byte(d.mark + "[" + parts[1] + "," + parts[2] + "]")
}

// all returns the frames of this dialect.
func (d *dialect) all() []string {
	all := slices.Clone(d.frames)
	for _, event := range plainEvents {
		all = append(all, string(d.event(event)))
	}
	return all
}

// names matches names that the server sends.
var (
	names    = regexp.MustCompile(`"(roomId|matchId|ticketId|seq)":("[^"\\]+")`)
	proposal = regexp.MustCompile(`"match_proposed".*"matchId":"([^"]+)".*"players":\[([^],]+),([^],]+)\]`)
)

// heed remembers names that the server sends.
func (c *chaos) heed(text string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, found := range names.FindAllStringSubmatch(text, -1) {
		key := strings.TrimSuffix(found[1], "Id")
		c.said[key] = append(c.said[key], found[2])
		if len(c.said[key]) > 6 {
			c.said[key] = c.said[key][1:]
		}
	}
}

var placeholder = regexp.MustCompile(`\$(user|friend|room|match|ticket|seq)`)

// users are the players; a connection is usually one of them.
var users = []string{"17", `"a"`, `"b"`, "18", `"c"`, `"d"`}

// fill puts names into a template, as JSON.
func (c *chaos) fill(r *rand.Rand, user, template string) string {
	return placeholder.ReplaceAllStringFunc(template, func(name string) string {
		switch name {
		case "$user":
			return user
		case "$friend":
			return users[r.IntN(len(users))]
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		if known := c.said[name[1:]]; len(known) > 0 {
			return known[r.IntN(len(known))]
		}
		return `"1-1-0"`
	})
}

// nonsense spoils some of the frames.
func nonsense(r *rand.Rand, sensible string, others []string) []byte {
	text := []byte(sensible)
	if r.IntN(3) > 0 {
		return text
	}
	for range 1 + r.IntN(3) {
		at := r.IntN(len(text) + 1)
		switch r.IntN(5) {
		case 0: // another byte
			text = append(text[:at:at], append([]byte{byte(r.Uint32())}, text[min(at+1, len(text)):]...)...)
		case 1: // the end is missing
			text = text[:at]
		case 2: // something from the middle is missing
			text = append(text[:at:at], text[min(at+r.IntN(8), len(text)):]...)
		case 3: // two of them
			other := others[r.IntN(len(others))]
			text = append(text[:at:at], other[r.IntN(len(other)):]...)
		case 4: // a part again and again
			text = append(text[:at:at], append([]byte(strings.Repeat(string(text[at:]), r.IntN(20))), text[at:]...)...)
		}
	}
	return text
}

// accept accepts a match for its players, since they would hardly be in time.
func (c *chaos) accept(match string, players []string) {
	for _, player := range players {
		answer, err := http.Post(c.url+"/v1/matches/"+match+"/accept", "application/json", strings.NewReader(`{"player":`+player+`}`))
		if err != nil {
			c.Error(err)
			return
		}
		_ = answer.Body.Close()
	}
}

// perConnection is how many frames a connection may send at once.
const perConnection = 100

// talk connects and sends frames. Some connections are just dropped, the others end when all has been handled.
func (c *chaos) talk(r *rand.Rand, user string) {
	way := &dialects[r.IntN(len(dialects))]
	if r.IntN(8) == 0 {
		user = users[r.IntN(len(users))] // this player may have a connection already
	}
	conn, answer, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(c.url, "http")+way.path, nil)
	if err != nil {
		c.Error(err)
		return
	}
	_ = answer.Body.Close()
	defer func() { _ = conn.Close() }()
	read, heard := make(chan struct{}), make(chan struct{}, 1)
	go func() {
		defer close(read)
		for {
			_, data, err := conn.ReadMessage()
			if err != nil {
				return
			}
			c.heed(string(data))
			if found := proposal.FindStringSubmatch(string(data)); found != nil && found[1][len(found[1])-1]%2 == 0 {
				c.accept(found[1], found[2:])
			}
			select {
			case heard <- struct{}{}:
			default:
			}
		}
	}()
	sensible := way.all()
	if way.mark != "" {
		_ = conn.WriteMessage(websocket.TextMessage, []byte("40/sunapp,")) // or it might never join
	}
	_ = conn.WriteMessage(websocket.TextMessage, way.event(`{"event":"connection_queue","data":{"userId":`+user+`}}`))
	for range perConnection {
		kind := websocket.TextMessage
		if r.IntN(40) == 0 {
			kind = websocket.BinaryMessage
		}
		if conn.WriteMessage(kind, nonsense(r, c.fill(r, user, sensible[r.IntN(len(sensible))]), sensible)) != nil {
			break // disconnected by the server
		}
		if c.sent.Add(1)%8 == 0 { // a conversation, rather than a flood
			select {
			case <-heard:
			case <-read:
			case <-time.After(20 * time.Millisecond):
			}
		}
	}
	if r.IntN(4) == 0 {
		return
	}
	_ = conn.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	select {
	case <-read:
	case <-time.After(patience):
		c.Errorf("%s: the server does not close", way.path)
	}
}

// bodies of requests.
var bodies = []string{
	"", "{}", `{"player":$user}`, `{"player":$user,"rating":3.5,"attributes":{"a":1},"ttl_ms":50}`, `{"token":"x"}`,
	`{"tickets":[{"queue":"history","player":$user},{"queue":"q","player":"x","ttl_ms":9}]}`, "[", `{"player":`, "\x00\xff",
}

var headers = [][2]string{
	{"Content-Type", "text/plain"}, {"Content-Type", ""}, {"Idempotency-Key", "k"}, {"Idempotency-Key", strings.Repeat("k", 300)},
	{"Last-Event-ID", "1"}, {"Last-Event-ID", "\t?"}, {"Authorization", "Bearer x.y.z"}, {"Origin", "http://evil.example"},
	{"Cookie", "matchq_operator=x"}, {"Upgrade", "websocket"}, {"X-Forwarded-For", "1.2.3.4"}, {"Range", "bytes=1-"}, {"Expect", "100-continue"},
}

// request makes a request, which may be valid, and waits only for a while.
func (c *chaos) request(client *http.Client, r *rand.Rand) {
	method, path, _ := strings.Cut(c.routes[r.IntN(len(c.routes))], " ")
	path = strings.NewReplacer(":queue", []string{"history", "q", "music", "a%2Fb", "%00", "7"}[r.IntN(6)], ":id", "$ticket").Replace(path)
	if strings.Contains(path, "/matches/") {
		path = strings.Replace(path, "$ticket", "$match", 1)
	}
	path = strings.ReplaceAll(c.fill(r, "17", path), `"`, "")
	path += []string{"", "", "?wait=20ms", "?wait=5ms&since=1", "?wait=-1", "?token=x", "?player=17", "?%zz", "?wait=50s"}[r.IntN(9)]
	if r.IntN(10) == 0 {
		method = []string{"GET", "POST", "PUT", "DELETE", "OPTIONS", "HEAD", "PATCH", "BREW"}[r.IntN(8)]
	}
	if r.IntN(20) == 0 {
		path += strings.Repeat("/..%2e", r.IntN(4))
	}
	body := nonsense(r, c.fill(r, users[r.IntN(len(users))], bodies[r.IntN(len(bodies))]), bodies[1:])
	ctx, cancel := context.WithTimeout(c.Context(), 30*time.Millisecond)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, strings.NewReader(string(body)))
	if err != nil {
		return // the client would not send it
	}
	request.Header.Set("Content-Type", "application/json")
	for range r.IntN(3) {
		header := headers[r.IntN(len(headers))]
		request.Header.Set(header[0], header[1])
	}
	answer, err := client.Do(request)
	if err != nil {
		return // timed out, or the client would not send it
	}
	defer func() { _ = answer.Body.Close() }()
	data, _ := io.ReadAll(answer.Body) // a stream lasts until the time-out
	if answer.StatusCode == http.StatusInternalServerError {
		c.Errorf("%s %s with %q: %s", method, path, body, data)
	}
	c.heed(strings.ReplaceAll(string(data), `{"id":`, `{"ticketId":`))
}

// throw sends at least this many frames, by a few connections at a time, and makes requests meanwhile.
func (c *chaos) throw(frames int64, requests int) {
	var throwing sync.WaitGroup
	for i, user := range users {
		r := rand.New(rand.NewPCG(c.seed, uint64(i)))
		throwing.Go(func() {
			for c.sent.Load() < frames && !c.Failed() {
				c.talk(r, user)
			}
		})
	}
	for worker := range 3 {
		r := rand.New(rand.NewPCG(c.seed, uint64(100+worker)))
		throwing.Go(func() {
			client := &http.Client{Transport: &http.Transport{}}
			defer client.CloseIdleConnections()
			for range requests / 3 {
				c.request(client, r)
			}
		})
	}
	throwing.Wait()
}
