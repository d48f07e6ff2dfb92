package e2e_test

import (
	"slices"
	"strings"
	"time"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/matchq/presence"
)

var connecting = []scenario{
	{
		name: "a player who connects anew shuts the older connection out",
		main: true,
		args: []string{"--interval", "1h"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"ticketId":"$ticket"}`},
			{who: "b", send: "connection_queue", data: `{"userId":17}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticket"}`},
			{who: "a", want: "shut out", like: `{"code":"replaced"}`},
		},
	},
	{
		name: "a broken connection comes back to its place",
		args: []string{"--interval", "1h"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"ticketId":"$ticket"}`},
			{who: "a", do: func(st *stage) { st.drop("a") }, want: "lost"},
			{who: "a", want: "connected"},
			{who: "a", send: "connection_queue", data: `{"userId":17}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticket"}`},
		},
	},
	{
		name:  "a message that is too long breaks the connection, and nothing else",
		main:  true,
		kinds: everyKind,
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", send: "connection_queue", data: `{"userId":"` + strings.Repeat("x", 17<<10) + `"}`, want: "lost"},
			{who: "a", want: "connected"},
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"DUPLICATED_USER_ID"}`},
		},
	},
	{
		name: "clients come back to a server that was restarted",
		main: true,
		steps: []step{
			{who: "a", send: "connection_queue", data: `{"userId":17}`, ack: `{}`},
			{who: "b", do: (*stage).restart, want: "lost"},
			{who: "a", want: "lost"},
			{who: "a", want: "connected"},
			{who: "b", want: "connected"},
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "b", send: "create_general_game_match", data: `{"userId":18,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", want: "match_status", like: `{"status":"MATCHED","user1":{"id":17},"user2":{"id":18}}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","user1":{"id":17},"user2":{"id":18}}`},
		},
	},
	{
		name:   "clients come back after their server was killed",
		killed: true, main: true,
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticket"}`},
			{who: "b", do: (*stage).killed, want: "lost"},
			{who: "a", want: "lost"},
			{who: "a", want: "connected"},
			{who: "b", want: "connected"},
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"DUPLICATED_USER_ID","ticketId":"$ticket"}`},
			{who: "b", send: "create_general_game_match", data: `{"userId":18,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", want: "match_status", like: `{"status":"MATCHED","user1":{"id":17},"user2":{"id":18}}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","user1":{"id":17},"user2":{"id":18}}`},
		},
	},
	{
		name: "a player disconnects and connects again",
		main: true,
		args: []string{"--interval", "1h"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticket"}`},
			{who: "a", do: func(st *stage) { st.tell("a", "disconnect") }, want: "disconnected"},
			{who: "a", do: func(st *stage) { st.tell("a", "again") }, want: "connected"},
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"DUPLICATED_USER_ID","ticketId":"$ticket"}`},
			{who: "a", do: func(st *stage) { st.tell("a", "disconnect") }, want: "disconnected"},
			{who: "a", do: func(st *stage) { st.tell("a", "again") }, want: "connected"},
			{who: "a", send: "cancel_request_general_match", data: `{"userId":17}`, want: "cancel_request_general_match_status", like: `{"status":"CANCEL_REQUEST_COMPLETE"}`},
		},
	},
	{
		name: "clients are in two namespaces",
		two:  true, main: true,
		kinds: libraries,
		steps: []step{
			{who: "a", in: "/", send: "check_socket_id", want: "/ notify_socket_id", like: `{"sid":"$sid"}`, ack: `{"sid":"$sid"}`},
			{who: "a", send: "check_socket_id", want: "notify_socket_id", like: `{"sid":"$sid"}`, ack: `{"sid":"$sid"}`},
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "b", in: "/", send: "create_general_game_match", data: `{"userId":18,"questionaireId":7}`, want: "/ match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", want: "match_status", like: `{"status":"MATCHED","matchId":"$match"}`}, // once, as the apps expect it
			{who: "b", want: "match_status", like: `{"status":"MATCHED","matchId":"$match"}`},
			{who: "a", in: "/", send: "get_state", want: "/ state", like: `{"match":{"matchId":"$match"}}`},
		},
	},
	{
		name:  "a client leaves one of two namespaces and joins it again",
		two:   true,
		kinds: javaScript,
		args:  []string{"--interval", "1h"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticket"}`},
			{who: "a", do: func(st *stage) { st.tell("a", "disconnect") }, want: "disconnected"},
			{who: "a", in: "/", send: "check_socket_id", want: "/ notify_socket_id"},
			{
				who: "a", do: func(st *stage) { st.node.want(200, st.node.call("POST", "/v1/admin/queues/7/drain", "")) },
				want: "/ match_status", like: `{"status":"CANCELLED","ticketId":"$ticket"}`,
			},
			{who: "a", do: func(st *stage) { st.tell("a", "again") }, want: "connected"},
			{who: "a", want: "match_status", like: `{"status":"CANCELLED","ticketId":"$ticket"}`}, // again, as the apps listen there
		},
	},
	{
		name: "a player without a valid token is shut out",
		main: true,
		args: guarded(),
		token: func(st *stage, who string) string {
			return map[string]string{"b": "sesame", "c": tokenUntil(st.T, "17", time.Now().Add(-time.Hour))}[who]
		},
		steps: []step{
			{who: "a", want: "shut out", like: `{"code":"unauthorized"}`},
			{who: "b", want: "shut out", like: `{"code":"unauthorized"}`},
			{who: "c", want: "shut out", like: `{"code":"unauthorized"}`},
		},
	},
	{
		name:  "a token is for its player",
		args:  guarded(),
		token: func(st *stage, _ string) string { return tokenOf(st.T, "17") },
		steps: []step{
			{who: "a", send: "connection_queue", data: `{"userId":18}`, ack: `{"error":{"code":"forbidden"}}`},
			{who: "a", send: "create_general_game_match", data: `{"userId":"18","questionaireId":7}`, want: "error", like: `{"code":"forbidden"}`},
			{who: "a", send: "create_general_game_match", data: `{"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
		},
	},
	{
		name:  "a connection ends with its token",
		main:  true,
		args:  guarded(),
		limit: 2 * time.Second,
		token: func(st *stage, _ string) string { return tokenUntil(st.T, "17", time.Now().Add(st.limit+time.Second)) }, // in whole seconds
		steps: []step{
			{who: "a", send: "connection_queue", data: `{"userId":17}`, ack: `{}`, timed: true},
			{who: "a", want: "shut out", like: `{"code":"unauthorized"}`},
		},
	},
	{
		name: "a player is matched while away",
		args: []string{"--grace", "20s", "--interval", "300ms"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", do: func(st *stage) { st.goAway("a") }, want: "lost"},
			{who: "b", send: "create_general_game_match", data: `{"userId":18,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","matchId":"$match","user1":{"id":17},"user2":{"id":18}}`},
			{who: "a", do: func(st *stage) { st.comeBack("a") }, want: "connected"},
			{who: "a", send: "connection_queue", data: `{"userId":17}`, want: "match_status", like: `{"status":"MATCHED","matchId":"$match","user1":{"id":17},"user2":{"id":18}}`},
		},
	},
	{
		name: "a player who was matched while away queues again",
		args: []string{"--grace", "20s", "--interval", "300ms"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", do: func(st *stage) { st.goAway("a") }, want: "lost"},
			{who: "b", send: "create_general_game_match", data: `{"userId":18,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","matchId":"$match"}`},
			{who: "a", do: func(st *stage) { st.comeBack("a") }, want: "connected"},
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"MATCHED","matchId":"$match"}`, ack: `{"matchId":"$match"}`},
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
		},
	},
	{
		name:  "a ticket expires while its player is away",
		args:  []string{"--grace", "60s", "--ticket-ttl", "LIMIT"},
		limit: 300 * time.Millisecond,
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticket"}`, timed: true},
			{who: "a", do: func(st *stage) { st.goAway("a") }, want: "lost", timed: true},
			{who: "a", do: func(st *stage) {
				matchqtest.Eventually(st, "the ticket expires", func() bool { return st.node.stats().Expired == 1 })
				st.comeBack("a")
			}, want: "connected"},
			{who: "a", send: "connection_queue", data: `{"userId":17}`, want: "match_status", like: `{"status":"EXPIRED","ticketId":"$ticket","queue":7}`, ack: `{"status":"EXPIRED"}`},
			{who: "a", send: "connection_queue", data: `{"userId":17}`, ack: `{}`}, // reported already
		},
	},
	{
		name: "a ticket ends with its player's grace",
		args: []string{"--grace", "50ms", "--interval", "1h"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", do: func(st *stage) { st.goAway("a") }, want: "lost"},
			{who: "a", do: func(st *stage) {
				st.posted("17", "CANCELLED")
				st.comeBack("a")
			}, want: "connected"},
			{who: "a", send: "get_state", data: `{"userId":17}`, want: "state", like: `{}`},
			{who: "a", send: "cancel_request_general_match", want: "cancel_request_general_match_status", like: `{"status":"NO_PLAYER_IN_QUEUE"}`},
		},
	},
	{
		name:  "a returning player asks for missed messages",
		args:  []string{"--grace", "20s", "--questions", questionSets},
		kinds: recoverers, recover: true, // clients 2 get no seqs
		steps: append(playing(), missing(
			step{who: "a", send: "resume", data: `{"userId":17,"lastSeq":"$seq"}`, want: "resumed", like: `{"recovered":true}`},
		)...),
	},
	{
		name:  "a library recovers what it missed before it heard of anything",
		args:  guarded("--grace", "20s", "--interval", "300ms"),
		kinds: []string{"client 4"}, recover: true,
		token: func(st *stage, who string) string { return tokenOf(st.T, map[string]string{"a": "17", "b": "18"}[who]) },
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", do: func(st *stage) { st.goAway("a") }, want: "lost"},
			{who: "b", send: "create_general_game_match", data: `{"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","matchId":"$match"}`},
			{who: "a", do: func(st *stage) { st.comeBack("a") }, want: "connected", like: `{"recovered":true}`},
			{who: "a", want: "match_status", like: `{"status":"MATCHED","matchId":"$match"}`},
		},
	},
	{
		name: "a returning player does not know the last message",
		args: []string{"--grace", "20s"},
		steps: []step{
			{who: "a", send: "connection_queue", data: `{"userId":17}`, ack: `{}`},
			{who: "a", do: func(st *stage) { st.drop("a") }, want: "lost"},
			{who: "a", want: "connected"},
			{who: "a", send: "resume", data: `{"userId":17,"lastSeq":""}`, want: "resumed", like: `{"recovered":false}`, ack: `{"recovered":false}`},
			{who: "a", send: "resume", data: `{"lastSeq":"1-1"}`, want: "resumed", like: `{"recovered":false}`},
			{who: "a", send: "resume", data: `{"lastSeq":"tea"}`, want: "resumed", like: `{"recovered":false}`},
			{who: "a", send: "resume", data: `{}`, want: "resumed", like: `{"recovered":false}`},
			{who: "a", send: "get_state", want: "state", like: `{}`},
		},
	},
	{
		name:  "a library recovers what was missed",
		main:  true,
		args:  guarded("--grace", "20s", "--interval", "40ms", "--questions", questionSets),
		kinds: []string{"client 4"}, recover: true,
		token: func(st *stage, who string) string { return tokenOf(st.T, map[string]string{"a": "17", "b": "18"}[who]) },
		steps: append(playing(), missing(step{})...),
	},
}

// missing disconnects a while b answers a question. back are a's steps to get the missed messages; without steps the
// library gets them.
func missing(back step) []step {
	connected := ""
	if back.who == "" {
		connected = `{"recovered":true}`
	}
	return []step{
		{who: "b", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q1","answer":0}`, want: "get_answer_result"},
		{who: "a", want: "get_answer_result", like: answer(`"18"`, "$sidB", "$q1", `false,"score":0,"total":0`)},
		{who: "a", do: func(st *stage) { st.goAway("a") }, want: "lost"},
		{who: "b", want: "opponent_away", like: `{"graceMs":20000}`},
		{who: "b", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q2","answer":1}`, want: "get_answer_result"},
		{who: "a", do: func(st *stage) {
			st.match.captured["seq"] = st.seq["a"]
			st.comeBack("a")
		}, want: "connected", like: connected},
		back,
		{who: "a", want: "get_answer_result", like: answer(`"18"`, "$sidB", "$q2", `true,"score":100,"total":100`)},
		{who: "b", want: "opponent_back", like: `{}`},
	}
}

// drop breaks a client's connection.
func (st *stage) drop(who string) { st.tell(who, "drop") }

// tell gives a client a command of the driver.
func (st *stage) tell(who, command string) {
	st.driver.command(map[string]any{"do": command, "as": st.prefix + who})
}

// goAway breaks a client's connection and blocks the client until a later step lets it reconnect.
func (st *stage) goAway(who string) {
	st.tell(who, "away")
}

func (st *stage) comeBack(who string) {
	st.tell(who, "return")
}

// posted waits until a player who is away was told of a ticket's end. The news would come late otherwise, to a client that is
// back.
func (st *stage) posted(player, status string) {
	st.Helper()
	matchqtest.Eventually(st, player+" was told of "+status, func() bool {
		messages, _, err := st.node.presence.Mailbox(st.Context(), player, "0-0")
		return err == nil && slices.ContainsFunc(messages, func(m presence.Message) bool { return strings.Contains(string(m.Data), `"`+status+`"`) })
	})
}

// restart stops the server and starts it again at the same address.
func (st *stage) restart() {
	st.Helper()
	st.node.stop()
	st.start("--addr", strings.TrimPrefix(st.node.url, "http://"))
}

// killed kills the server and starts another one at the same address.
func (st *stage) killed() {
	st.Helper()
	st.kill()
	st.start("--addr", strings.TrimPrefix(st.node.url, "http://"))
}
