package node_test

import (
	"strings"
	"testing"
	"time"
)

var scenarios = []scenario{
	{
		name: "two players are matched",
		steps: []step{
			{who: "a", send: "check_socket_id", data: `{}`, want: "notify_socket_id", like: `{"sid":"$sidA"}`, ack: `{"sid":"$sidA"}`},
			{who: "a", send: "connection_queue", data: `{"userId":17}`, ack: `{}`},
			{who: "b", send: "check_socket_id", want: "notify_socket_id", like: `{"sid":"$sidB"}`},
			{who: "b", send: "connection_queue", data: `{"userId":"bob"}`, ack: `{}`},
			{
				who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7,"rating":1500,"attributes":{"lang":"ko"}}`,
				want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticketA","queue":7,"waiting":1,"nextTickMs":"*"}`,
				ack: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticketA","queue":7}`,
			},
			{
				who: "b", send: "create_general_game_match", data: `{"userId":"bob","questionaireId":"7"}`,
				want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","queue":"7"}`,
			},
			{who: "a", want: "match_status", like: `{"status":"MATCHED","matchId":"$match","roomId":"$room","questionaireId":7,"waitedMs":"*",
				"user1":{"id":17,"sid":"$sidA","attributes":{"lang":"ko"}},"user2":{"id":"bob","sid":"$sidB"},"question":[]}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","matchId":"$match","roomId":"$room","questionaireId":"7",
				"user1":{"id":17,"sid":"$sidA","attributes":{"lang":"ko"}},"user2":{"id":"bob","sid":"$sidB"},"question":[]}`},
			{
				who: "b", send: "cancel_request_general_match", data: `{}`,
				want: "cancel_request_general_match_status", like: `{"status":"ALREADY_MATCHED","matchId":"$match"}`,
				ack: `{"status":"ALREADY_MATCHED","matchId":"$match"}`,
			},
		},
	},
	{
		name: "a player waits, once, and cancels",
		args: []string{"--interval", "1h"},
		steps: []step{
			{
				who: "a", send: "cancel_request_general_match", data: `{"userId":17}`,
				want: "cancel_request_general_match_status", like: `{"status":"NO_PLAYER_IN_QUEUE"}`, ack: `{"status":"NO_PLAYER_IN_QUEUE"}`,
			},
			{
				who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":"music"}`,
				want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticket"}`,
			},
			{
				who: "a", send: "create_general_game_match", data: `{"userId":"17","questionaireId":"history"}`,
				want: "match_status", like: `{"status":"DUPLICATED_USER_ID","ticketId":"$ticket","queue":"music"}`,
				ack: `{"status":"DUPLICATED_USER_ID","ticketId":"$ticket","queue":"music"}`,
			},
			{who: "b", send: "get_connection_status", data: `{}`, want: "connection_status", like: `{"music":1}`, ack: `{"music":1}`},
			{
				who: "a", send: "cancel_request_general_match",
				want: "cancel_request_general_match_status", like: `{"status":"CANCEL_REQUEST_COMPLETE"}`, ack: `{"status":"CANCEL_REQUEST_COMPLETE"}`,
			},
		},
	},
	{
		name: "a ticket expires",
		args: []string{"--ticket-ttl", "50ms"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"ticketId":"$ticket"}`},
			{who: "a", want: "match_status", like: `{"status":"EXPIRED","ticketId":"$ticket","queue":7}`},
		},
	},
	{
		name: "what can't be done is said",
		args: []string{"--interval", "1h"},
		steps: []step{
			{who: "a", send: "make_tea", data: `{}`, ack: `{"error":{"code":"unknown_event","message":"there is no event \"make_tea\""}}`},
			{who: "a", send: "make_tea", want: "error", like: `{"code":"unknown_event","message":"*"}`},
			{who: "a", send: "connection_queue", data: `{}`, ack: `{"error":{"code":"invalid","message":"*"}}`},
			{who: "a", send: "connection_queue", data: `{"userId":true}`, ack: `{"error":{"code":"invalid"}}`},
			{who: "a", send: "connection_queue", data: `[1]`, want: "error", like: `{"code":"bad_message","message":"*"}`},
			{who: "a", send: "connection_queue", data: `"17"`, want: "error", like: `{"code":"bad_message"}`},
			{who: "a", send: "create_general_game_match", data: `{"userId":17}`, want: "error", like: `{"code":"invalid"}`},
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":"` + strings.Repeat("x", 129) + `"}`, ack: `{"error":{"code":"invalid"}}`},
			{who: "a", send: "create_general_game_match", data: `{"userId":18,"questionaireId":7}`, ack: `{"error":{"code":"forbidden"}}`},
			{who: "a", send: "check_socket_id", want: "notify_socket_id", ack: `{"sid":"*"}`},
		},
	},
	{
		name: "a player who connects anew shuts the older connection out",
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
		name: "clients come back to a server that was restarted",
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
		name: "who has no valid token is shut out",
		args: guarded(),
		token: func(_ *testing.T, who string) string {
			return map[string]string{"b": "sesame"}[who]
		},
		steps: []step{
			{who: "a", want: "shut out", like: `{"code":"unauthorized"}`},
			{who: "b", want: "shut out", like: `{"code":"unauthorized"}`},
		},
	},
	{
		name:  "a connection ends with its token",
		args:  guarded(),
		token: func(t *testing.T, _ string) string { return tokenUntil(t, "17", time.Now().Add(3*time.Second)) },
		steps: []step{
			{who: "a", send: "connection_queue", data: `{"userId":17}`, ack: `{}`},
			{who: "a", want: "shut out", like: `{"code":"unauthorized"}`},
		},
	},
}

// drop breaks a client's connection.
func (st *stage) drop(who string) {
	st.driver.command(map[string]any{"do": "drop", "as": st.prefix + who})
}

// restart stops the server and starts it again at the same address.
func (st *stage) restart() {
	st.Helper()
	st.node.stop()
	st.node = start(st.T, st.env, append(st.args, "--addr", strings.TrimPrefix(st.node.url, "http://"))...)
}
