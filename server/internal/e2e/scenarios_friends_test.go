package e2e_test

import (
	"time"

	"github.com/matchq/matchq/server/internal/play/quiz"
)

// once makes the server send invitations once.
func once(c *quiz.Config) { c.Resend = time.Hour }

// invites lets a invite b, as 17 and "18".
func invites() []step {
	return []step{
		{who: "a", send: "connection_queue", data: `{"userId":17}`, ack: `{}`},
		{who: "a", send: "check_socket_id", want: "notify_socket_id", like: `{"sid":"$sidA"}`},
		{who: "b", send: "connection_queue", data: `{"userId":"18"}`, ack: `{}`},
		{who: "b", send: "check_socket_id", want: "notify_socket_id", like: `{"sid":"$sidB"}`},
		{who: "a", send: "request_friend_game_matching", data: `{"userId":17,"friendUserId":18}`, ack: invited},
		{who: "b", want: "request_game_match_to_friend", like: invited},
	}
}

const invited = `{"roomId":"$room","user1":{"id":17,"sid":"$sidA"},"user2":{"id":"18","sid":"$sidB"}}`

var friends = []scenario{
	{
		name: "a friend who is not there",
		game: once,
		steps: []step{
			{
				who: "a", send: "request_friend_game_matching", data: `{"userId":17,"friendUserId":18}`,
				want: "request_game_match_to_friend", like: `{"status":"NO_FRIEND_IN_CONNECTION_QUEUE"}`, ack: `{"status":"NO_FRIEND_IN_CONNECTION_QUEUE"}`,
			},
			{who: "a", send: "request_friend_game_matching", data: `{"userId":17,"friendUserId":17}`, want: "error", like: `{"code":"invalid"}`},
			{who: "a", send: "request_friend_game_matching", data: `{"userId":17,"friendUserId":"17"}`, ack: `{"error":{"code":"invalid"}}`},
			{who: "a", send: "request_friend_game_matching", data: `{"userId":17}`, want: "error", like: `{"code":"invalid"}`},
			{who: "a", send: "accept_friend_request", data: `{"userId":17}`, ack: `{"error":{"code":"invalid"}}`},
			{who: "a", send: "accept_friend_request", data: `{"userId":17,"roomId":"friend-x"}`, ack: `{"error":{"code":"not_found"}}`},
			{who: "a", send: "decline_friend_request", data: `{"roomId":"friend-x"}`, want: "error", like: `{"code":"not_found"}`},
		},
	},
	{
		name: "a friend accepts",
		game: once,
		args: []string{"--interval", "1h", "--questions", questionSets},
		steps: append(invites(), []step{
			{who: "a", send: "create_general_game_match", data: `{"questionaireId":8}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticket"}`},
			{who: "b", send: "get_state", want: "state", like: `{"invitations":[` + invited + `]}`},
			{who: "a", send: "get_state", want: "state", like: `{"ticket":{"ticketId":"$ticket"}}`},
			{who: "a", send: "accept_friend_request", data: `{"roomId":"$room"}`, ack: `{"error":{"code":"forbidden"}}`},
			{who: "c", send: "accept_friend_request", data: `{"userId":19,"roomId":"$room"}`, ack: `{"error":{"code":"not_found"}}`},
			{who: "c", send: "decline_friend_request", data: `{"roomId":"$room"}`, want: "error", like: `{"code":"not_found"}`},
			{who: "b", send: "request_question", data: `{"roomId":"$room","questionaireId":7,"limit":1}`, want: "error", like: `{"code":"not_found"}`}, // not yet
			{
				who: "b", send: "accept_friend_request", data: `{"roomId":"$room","user1":{"id":99,"sid":"forged"},"user2":{"id":98,"sid":"forged"}}`,
				want: "created_friend_match", like: invited, ack: invited,
			},
			{who: "a", want: "created_friend_match", like: invited, anyOrder: true},
			{who: "a", want: "match_status", like: `{"status":"CANCELLED","ticketId":"$ticket","queue":8,"reason":"friend_match"}`},
			{who: "b", send: "accept_friend_request", data: `{"roomId":"$room"}`, want: "created_friend_match", like: invited}, // again
			{who: "b", send: "decline_friend_request", data: `{"roomId":"$room"}`, want: "error", like: `{"code":"expired"}`},
			{who: "a", send: "get_connection_status", want: "connection_status"},
			{who: "b", send: "get_state", want: "state", like: `{"room":{"roomId":"$room","mode":"","index":0,"of":0,"scores":[{"id":17,"score":0},{"id":"18","score":0}],"opponentAway":false}}`},
			{who: "b", send: "request_question", data: `{"roomId":"$room"}`, want: "error", like: `{"code":"invalid"}`}, // no questionnaire is given
			{who: "b", send: "request_question", data: `{"roomId":"$room","questionaireId":"7","limit":1}`, want: "get_match_question", like: `{"questionaireId":"7","limit":1,"questions":[{"id":"$q","text":"$text"}]}`},
			{who: "a", send: "request_question", data: `{"roomId":"$room","questionaireId":8,"limit":3}`, want: "get_match_question", like: `{"questionaireId":"7","limit":3,"questions":[{"id":"$q","text":"$text"}]}`},
		}...),
	},
	{
		name: "a friend declines",
		game: once,
		steps: append(invites(), []step{
			{who: "b", send: "request_friend_game_matching", data: `{"friendUserId":17}`, want: "error", like: `{"code":"already_invited"}`},
			{who: "a", send: "request_friend_game_matching", data: `{"friendUserId":"18"}`, ack: invited}, // the same one
			{who: "a", send: "decline_friend_request", data: `{"roomId":"$room"}`, want: "error", like: `{"code":"forbidden"}`},
			{
				who: "b", send: "decline_friend_request", data: `{"roomId":"$room"}`,
				want: "friend_request_declined", like: `{"roomId":"$room","reason":"declined"}`, ack: `{"roomId":"$room","reason":"declined"}`,
			},
			{who: "a", want: "friend_request_declined", like: `{"roomId":"$room","reason":"declined"}`},
			{who: "b", send: "decline_friend_request", data: `{"roomId":"$room"}`, want: "friend_request_declined", like: `{"roomId":"$room","reason":"declined"}`}, // again
			{who: "b", send: "accept_friend_request", data: `{"roomId":"$room"}`, ack: `{"error":{"code":"expired"}}`},
			{who: "b", send: "request_friend_game_matching", data: `{"friendUserId":17}`, ack: `{"roomId":"$other","user1":{"id":"18","sid":"$sidB"},"user2":{"id":17,"sid":"$sidA"}}`},
			{who: "a", want: "request_game_match_to_friend", like: `{"roomId":"$other","user1":{"id":"18","sid":"$sidB"},"user2":{"id":17,"sid":"$sidA"}}`},
		}...),
	},
	{
		name: "a friend does not answer",
		game: func(c *quiz.Config) { c.Resend, c.MaxSends = 200*time.Millisecond, 10 },
		steps: append(invites(), []step{
			{who: "b", want: "request_game_match_to_friend", like: invited},
			// Of the eight more a busy machine leaves some out.
			{who: "b", skips: "request_game_match_to_friend", want: "friend_request_declined", like: `{"roomId":"$room","reason":"expired"}`},
			{who: "a", want: "friend_request_declined", like: `{"roomId":"$room","reason":"expired"}`},
			{who: "b", send: "accept_friend_request", data: `{"roomId":"$room"}`, want: "error", like: `{"code":"expired"}`},
			{who: "b", send: "get_state", want: "state", like: `{}`},
		}...),
	},
	{
		name: "the inviting player goes away",
		game: once,
		args: []string{"--grace", "50ms"},
		steps: append(invites(), []step{
			{who: "a", do: func(st *stage) { st.goAway("a") }, want: "lost"},
			{who: "b", want: "friend_request_declined", like: `{"roomId":"$room","reason":"expired"}`},
			{who: "a", do: func(st *stage) { st.comeBack("a") }, want: "connected"},
			{who: "b", send: "accept_friend_request", data: `{"roomId":"$room"}`, want: "error", like: `{"code":"expired"}`},
		}...),
	},
	{
		name: "the inviting player was matched meanwhile",
		game: once,
		steps: append(invites(), []step{
			{who: "a", send: "create_general_game_match", data: `{"questionaireId":8}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "c", send: "create_general_game_match", data: `{"userId":19,"questionaireId":8}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", want: "match_status", like: `{"status":"MATCHED"}`},
			{who: "c", want: "match_status", like: `{"status":"MATCHED"}`},
			{who: "b", send: "accept_friend_request", data: `{"roomId":"$room"}`, ack: `{"error":{"code":"player_busy"}}`},
		}...),
	},
	{
		name: "the inviting player is asked to accept a match",
		game: once,
		args: []string{"--ready-timeout", "1h"},
		steps: append(invites(), []step{
			{who: "a", send: "create_general_game_match", data: `{"questionaireId":8}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "c", send: "create_general_game_match", data: `{"userId":19,"questionaireId":8}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "a", want: "match_proposed", like: `{"players":[17,19],"queue":8}`},
			{who: "c", want: "match_proposed", like: `{"players":[17,19],"queue":8}`},
			{who: "b", send: "accept_friend_request", data: `{"roomId":"$room"}`, want: "error", like: `{"code":"player_busy"}`},
		}...),
	},
}
