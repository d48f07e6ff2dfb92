package e2e_test

import "time"

// proposedToBoth queues a and b and proposes a match to them.
func proposedToBoth() []step {
	const like = `{"matchId":"$match","queue":"*","players":[17,"18"],"deadlineMs":"*"}`
	return []step{
		{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticketA"}`},
		{who: "b", send: "create_general_game_match", data: `{"userId":"18","questionaireId":"7"}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE","ticketId":"$ticketB"}`},
		{who: "a", want: "match_proposed", like: like},
		{who: "b", want: "match_proposed", like: like},
	}
}

// timed has all steps done within the limit.
func timed(steps []step) []step {
	for i := range steps {
		steps[i].timed = true
	}
	return steps
}

var readiness = []scenario{
	{
		name:  "both accept",
		args:  []string{"--ready-timeout", "1h"},
		kinds: everyKind,
		steps: append(proposedToBoth(), []step{
			{who: "c", send: "accept_match", data: `{"userId":19,"matchId":"$match"}`, ack: `{"error":{"code":"not_found"}}`},
			{who: "a", send: "accept_match", data: `{"userId":18,"matchId":"$match"}`, ack: `{"error":{"code":"forbidden"}}`},
			{who: "a", send: "accept_match", data: `{"matchId":"unknown"}`, want: "error", like: `{"code":"not_found"}`},
			{who: "a", send: "accept_match", data: `{}`, want: "error", like: `{"code":"invalid"}`},
			{who: "a", send: "accept_match", data: `{"userId":17,"matchId":"$match"}`, ack: `{"matchId":"$match","state":"proposed"}`},
			{who: "a", send: "accept_match", data: `{"matchId":"$match"}`, ack: `{"matchId":"$match","state":"proposed"}`}, // again
			{who: "a", send: "create_general_game_match", data: `{"questionaireId":8}`, want: "match_status", like: `{"status":"DUPLICATED_USER_ID","ticketId":"$ticketA","queue":7}`},
			{who: "b", send: "get_state", data: `{"userId":"18"}`, want: "state", like: `{"ticket":{"ticketId":"$ticketB","queue":"7"},"match":{"matchId":"$match","queue":"7","players":[17,"18"]}}`},
			{who: "b", send: "accept_match", data: `{"matchId":"$match"}`, ack: `{"matchId":"$match","state":"matched"}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","matchId":"$match","roomId":"$room","questionaireId":"7","user1":{"id":17},"user2":{"id":"18"}}`},
			{who: "a", want: "match_status", like: `{"status":"MATCHED","matchId":"$match","roomId":"$room","questionaireId":7,"user1":{"id":17},"user2":{"id":"18"}}`},
			{who: "a", send: "decline_match", data: `{"matchId":"$match"}`, ack: `{"error":{"code":"already_matched"}}`},
		}...),
	},
	{
		name: "one declines",
		args: []string{"--ready-timeout", "1h"},
		steps: append(proposedToBoth(), []step{
			{who: "a", send: "accept_match", data: `{"matchId":"$match"}`, ack: `{"matchId":"$match","state":"proposed"}`},
			{who: "b", send: "decline_match", data: `{"userId":18,"matchId":"$match"}`, ack: `{"matchId":"$match","state":"cancelled"}`},
			{who: "b", want: "match_status", like: `{"status":"CANCELLED","ticketId":"$ticketB","reason":"declined"}`},
			{who: "a", want: "match_status", like: `{"status":"RESTORED","ticketId":"$ticketA","queue":7,"reason":"declined"}`},
			{who: "b", send: "accept_match", data: `{"matchId":"$match"}`, ack: `{"error":{"code":"match_gone"}}`},
			{who: "a", send: "get_state", want: "state", like: `{"ticket":{"ticketId":"$ticketA","queue":7,"waiting":1}}`},
			{who: "a", send: "cancel_request_general_match", data: `{"userId":17}`, want: "cancel_request_general_match_status", like: `{"status":"CANCEL_REQUEST_COMPLETE"}`},
		}...),
	},
	{
		name: "one cancels instead of declining",
		args: []string{"--ready-timeout", "1h"},
		steps: append(proposedToBoth(), []step{
			{who: "b", send: "cancel_request_general_match", data: `{"userId":18}`, want: "cancel_request_general_match_status", like: `{"status":"CANCEL_REQUEST_COMPLETE"}`},
			{who: "a", want: "match_status", like: `{"status":"RESTORED","ticketId":"$ticketA","queue":7,"reason":"declined"}`},
			{who: "b", send: "get_state", want: "state", like: `{}`},
		}...),
	},
	{
		name: "one comes back and is asked again",
		args: []string{"--ready-timeout", "1h", "--grace", "20s"},
		steps: append(proposedToBoth(), []step{
			{who: "a", do: func(st *stage) { st.drop("a") }, want: "lost"},
			{who: "a", want: "connected"},
			{who: "a", send: "connection_queue", data: `{"userId":17}`, want: "match_proposed", like: `{"matchId":"$match","queue":7,"players":[17,"18"]}`},
			{who: "a", send: "accept_match", data: `{"matchId":"$match"}`, ack: `{"matchId":"$match","state":"proposed"}`},
			{who: "b", send: "accept_match", data: `{"matchId":"$match"}`, ack: `{"matchId":"$match","state":"matched"}`},
			{who: "b", want: "match_status", like: `{"status":"MATCHED","matchId":"$match"}`},
			{who: "a", want: "match_status", like: `{"status":"MATCHED","matchId":"$match"}`},
		}...),
	},
	{
		name:  "one is silent",
		args:  []string{"--ready-timeout", "LIMIT"},
		limit: 1500 * time.Millisecond,
		steps: append(timed(proposedToBoth()), []step{
			{who: "a", send: "accept_match", data: `{"matchId":"$match"}`, ack: `{"matchId":"$match","state":"proposed"}`, timed: true},
			{who: "a", want: "match_status", like: `{"status":"RESTORED","ticketId":"$ticketA","reason":"no_answer"}`},
			{who: "b", want: "match_status", like: `{"status":"CANCELLED","ticketId":"$ticketB","reason":"no_answer"}`},
		}...),
	},
	{
		name: "one is away while both are asked",
		args: []string{"--ready-timeout", "1h", "--grace", "50ms"},
		steps: append(proposedToBoth(), []step{
			{who: "b", do: func(st *stage) { st.goAway("b") }, want: "lost"},
			{who: "a", want: "match_status", like: `{"status":"RESTORED","ticketId":"$ticketA","reason":"disconnected"}`},
			{who: "b", do: func(st *stage) {
				st.posted("18", "CANCELLED")
				st.comeBack("b")
			}, want: "connected"},
			{who: "b", send: "get_state", data: `{"userId":18}`, want: "state", like: `{}`},
			{who: "b", send: "cancel_request_general_match", want: "cancel_request_general_match_status", like: `{"status":"NO_PLAYER_IN_QUEUE"}`},
		}...),
	},
}
