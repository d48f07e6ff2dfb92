package e2e_test

import (
	"slices"
	"strings"
)

// scenarios are all scenarios.
func scenarios() []scenario {
	return slices.Concat(queueing, connecting, readiness, friends, selfPaced, paced, away)
}

var queueing = []scenario{
	{
		name:  "two players are matched",
		main:  true,
		kinds: everyKind,
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
		name: "rules made the match",
		steps: []step{
			{who: "a", do: func(st *stage) {
				st.node.want(200, st.node.call("PUT", "/v1/admin/rules/7", `{"interval":"50ms","rules":[{"name":"skill","type":"distance","max":50},
					{"name":"ping","type":"latency","attribute":"ms","max":80}]}`))
			}},
			{
				who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7,"rating":1500,"attributes":{"ms":{"eu":30,"us":90}}}`,
				want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`,
			},
			{
				who: "b", send: "create_general_game_match", data: `{"userId":"bob","questionaireId":7,"rating":1470,"attributes":{"ms":{"eu":40,"us":20}}}`,
				want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`,
			},
			{who: "a", want: "match_status", like: ruledMatch},
			{who: "b", want: "match_status", like: ruledMatch},
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
			{who: "a", do: func(st *stage) { st.listed("music") }},
			{who: "b", send: "get_connection_status", data: `{}`, want: "connection_status", like: `{"music":1}`, ack: `{"music":1}`},
			{
				who: "a", send: "cancel_request_general_match",
				want: "cancel_request_general_match_status", like: `{"status":"CANCEL_REQUEST_COMPLETE"}`, ack: `{"status":"CANCEL_REQUEST_COMPLETE"}`,
			},
		},
	},
	{
		name: "a ticket expires",
		main: true,
		args: []string{"--ticket-ttl", "50ms"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"ticketId":"$ticket"}`},
			{who: "a", want: "match_status", like: `{"status":"EXPIRED","ticketId":"$ticket","queue":7}`},
		},
	},
	{
		name: "impossible requests are refused with a reason",
		args: []string{"--interval", "1h"},
		steps: []step{
			{who: "a", send: "make_tea", data: `{}`, ack: `{"error":{"code":"unknown_event","message":"unknown event \"make_tea\""}}`},
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
		name: "a queue is emptied",
		args: []string{"--interval", "1h"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"ticketId":"$ticket"}`},
			{
				who: "a", do: func(st *stage) { st.node.want(200, st.node.call("POST", "/v1/admin/queues/7/drain", "")) },
				want: "match_status", like: `{"status":"CANCELLED","ticketId":"$ticket","queue":7,"reason":"drained"}`,
			},
		},
	},
	{
		name: "players are matched at once",
		args: []string{"--interval", "0"},
		steps: []step{
			{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "b", send: "create_general_game_match", data: `{"userId":"17b","questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","user1":{"id":17},"user2":{"id":"17b"}}`},
			{who: "a", want: "match_status", like: `{"status":"MATCHED","user1":{"id":17},"user2":{"id":"17b"}}`},
		},
	},
}

const ruledMatch = `{"status":"MATCHED","rules":{"version":"*","gap":30,"region":"eu","applied":[{"rule":"skill","gap":30,"limit":50},
	{"rule":"ping","region":"eu","latency":40,"limit":80}]}}`
