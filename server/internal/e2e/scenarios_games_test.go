package e2e_test

import (
	"encoding/json"
	"time"

	"github.com/matchq/matchq/server/internal/play/quiz"
)

// questionSets has the questionnaire 7, of four questions.
const questionSets = "testdata/questions"

// inRoom matches a and b, as 17 and "18"; two of the four questions are in the match.
func inRoom() []step {
	const like = `"status":"MATCHED","roomId":"$room","user1":{"id":17,"sid":"$sidA"},"user2":{"id":"18","sid":"$sidB"},
		"question":[{"id":"$sent1","choices":["wrong","right","well"]},{"id":"$sent2"}]}`
	return []step{
		{who: "a", send: "create_general_game_match", data: `{"userId":17,"questionaireId":7}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
		{who: "b", send: "create_general_game_match", data: `{"userId":"18","questionaireId":"7"}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
		{who: "a", want: "match_status", like: `{"questionaireId":7,` + like},
		{who: "b", want: "match_status", like: `{"questionaireId":"7",` + like},
	}
}

// playing lets a and b ask for two questions.
func playing() []step {
	const like = `"roomId":"$room","questions":[{"id":"$q1","text":"$text","choices":["wrong","right","well"]},{"id":"$q2"}]}`
	return append(inRoom(), []step{
		{who: "a", send: "request_question", data: `{"roomId":"$room","questionaireId":7,"limit":2}`, want: "get_match_question", like: `{"questionaireId":7,"limit":2,` + like, ack: `{"questionaireId":7,"limit":2,` + like},
		{who: "b", send: "request_question", data: `{"roomId":"$room","questionaireId":"7","limit":4}`, want: "get_match_question", like: `{"questionaireId":"7","limit":4,` + like},
	}...)
}

var selfPaced = []scenario{
	{
		name: "a game at one's own pace",
		main: true,
		args: []string{"--questions", questionSets},
		steps: append(playing(), []step{
			{who: "c", send: "request_question", data: `{"userId":19,"roomId":"$room","questionaireId":7,"limit":2}`, want: "error", like: `{"code":"not_found"}`},
			{who: "a", send: "start_game", data: `{"roomId":"$room","questionaireId":7}`, ack: `{"error":{"code":"wrong_mode"}}`},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","userId":17,"questionItemId":"unknown","answer":1}`, ack: `{"error":{"code":"not_found"}}`},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","userId":17,"questionItemId":"$q1","answer":3}`, ack: `{"error":{"code":"invalid"}}`},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","userId":17,"questionItemId":"$q1","answer":"1"}`, want: "error", like: `{"code":"invalid"}`},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","userId":"18","questionItemId":"$q1","answer":1}`, want: "error", like: `{"code":"forbidden"}`},
			{
				who: "a", send: "send_answer", data: `{"roomId":"$room","userId":17,"questionItemId":"$q1","answer":1,"gameType":"general"}`,
				want: "get_answer_result", like: answer(`17`, "$sidA", "$q1", `true,"score":100,"total":100`), ack: answer(`17`, "$sidA", "$q1", `true,"score":100,"total":100`),
			},
			{who: "b", want: "get_answer_result", like: answer(`17`, "$sidA", "$q1", `true,"score":100,"total":100`)},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","userId":17,"questionItemId":"$q1","answer":0}`, want: "get_answer_result", like: answer(`17`, "$sidA", "$q1", `true,"score":100,"total":100`)},
			{who: "b", send: "send_answer", data: `{"roomId":"$room","userId":"18","questionItemId":"$q1","answer":"wrong"}`, want: "get_answer_result", like: answer(`"18"`, "$sidB", "$q1", `false,"score":0,"total":0`)},
			{who: "a", want: "get_answer_result", like: answer(`"18"`, "$sidB", "$q1", `false,"score":0,"total":0`)},
			{who: "b", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q2","answer":"right"}`, want: "get_answer_result", like: answer(`"18"`, "$sidB", "$q2", `true,"score":100,"total":100`)},
			{who: "a", want: "get_answer_result", like: answer(`"18"`, "$sidB", "$q2", `true,"score":100,"total":100`)},
			{
				who: "a", send: "get_state", data: `{"userId":17}`, want: "state",
				like: `{"match":{"status":"MATCHED","roomId":"$room"},"room":{"roomId":"$room","mode":"self","index":1,"of":2,"scores":[{"id":17,"score":100},{"id":"18","score":100}],"opponentAway":false}}`,
			},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q2","answer":2}`, want: "get_answer_result", like: answer(`17`, "$sidA", "$q2", `false,"score":0,"total":100`)},
			{who: "b", want: "get_answer_result", like: answer(`17`, "$sidA", "$q2", `false,"score":0,"total":100`)},
			{who: "a", want: "game_over", like: `{"roomId":"$room","results":[{"id":17,"score":100,"correct":1,"answered":2},{"id":"18","score":100,"correct":1,"answered":2}],"reason":"finished"}`},
			{who: "b", want: "game_over", like: `{"roomId":"$room","results":[{"id":17,"score":100,"correct":1,"answered":2},{"id":"18","score":100,"correct":1,"answered":2}],"reason":"finished"}`},
			{who: "a", send: "end_game_playing", data: `{"roomId":"$room"}`, ack: `{}`},
			{who: "b", send: "end_game_playing", data: `{"roomId":"$room"}`, ack: `{}`},
			{who: "b", send: "request_question", data: `{"roomId":"$room","questionaireId":7}`, ack: `{"error":{"code":"expired"}}`},
		}...),
	},
	{
		name: "one leaves a game",
		args: []string{"--questions", questionSets},
		steps: append(playing(), []step{
			{who: "b", send: "end_game_playing", data: `{"roomId":"$room"}`, ack: `{}`},
			{who: "b", want: "game_over", like: `{"roomId":"$room","results":[{"id":17,"score":0,"correct":0,"answered":0},{"id":"18","score":0,"correct":0,"answered":0}],"reason":"forfeit","forfeitedBy":["18"]}`},
			{who: "a", want: "game_over", like: `{"reason":"forfeit","forfeitedBy":["18"]}`},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q1","answer":1}`, want: "error", like: `{"code":"too_late"}`},
		}...),
	},
	{
		name: "one queues anew while a game is open",
		args: []string{"--questions", questionSets},
		steps: append(playing(), []step{
			{who: "b", send: "create_general_game_match", data: `{"questionaireId":8}`, want: "match_status", like: `{"status":"PUSHED_TO_QUEUE"}`},
			{who: "b", want: "game_over", like: `{"reason":"forfeit"}`},
			{who: "a", want: "game_over", like: `{"reason":"forfeit"}`},
		}...),
	},
	{
		name: "one accepts a friend while a game is open",
		args: []string{"--questions", questionSets},
		game: once,
		steps: append(playing(), []step{
			{who: "c", send: "request_friend_game_matching", data: `{"userId":19,"friendUserId":18}`, ack: `{"roomId":"$friends","user1":{"id":19},"user2":{"id":"18"}}`},
			{who: "b", want: "request_game_match_to_friend", like: `{"roomId":"$friends","user1":{"id":19},"user2":{"id":"18"}}`},
			{who: "b", send: "accept_friend_request", data: `{"roomId":"$friends"}`, want: "created_friend_match", like: `{"roomId":"$friends"}`},
			{who: "b", want: "game_over", like: `{"roomId":"$room","reason":"forfeit","forfeitedBy":["18"]}`},
			{who: "a", want: "game_over", like: `{"roomId":"$room","reason":"forfeit","forfeitedBy":["18"]}`},
			{who: "c", want: "created_friend_match", like: `{"roomId":"$friends","user1":{"id":19},"user2":{"id":"18"}}`},
			{who: "b", send: "get_state", want: "state", like: `{"room":{"roomId":"$friends"}}`},
		}...),
	},
	{
		name: "a game goes on when the server was restarted",
		args: []string{"--questions", questionSets, "--grace", "20s"},
		steps: append(playing(), []step{
			{who: "a", do: (*stage).restart, want: "lost"},
			{who: "b", want: "lost"},
			{who: "a", want: "connected"},
			{who: "b", want: "connected"},
			{who: "a", send: "get_state", data: `{"userId":17}`, want: "state", like: `{"room":{"roomId":"$room","mode":"self","index":0,"of":2}}`},
			{who: "b", send: "get_state", data: `{"userId":"18"}`, want: "state", like: `{"room":{"roomId":"$room","mode":"self","index":0,"of":2}}`},
			{who: "a", want: "opponent_away", like: `{"graceMs":20000}`}, // all were away, so b has a whole grace from now on
			{who: "a", want: "opponent_back"},
			{who: "b", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q1","answer":1}`, want: "get_answer_result"},
			{who: "a", want: "get_answer_result", like: answer(`"18"`, "*", "$q1", `true,"score":100,"total":100`)},
		}...),
	},
}

// answer is the pattern of get_answer_result; the rest begins with whether the answer was right.
func answer(id, sid, question, rest string) string {
	return `{"user":{"id":` + id + `,"sid":"` + sid + `","answer":{"questionItemId":"` + question + `","correct":` + rest + `}}}`
}

// answered is the pattern of get_answer_result in a paced game.
func answered(id, sid, question string) string {
	return `{"user":{"id":` + id + `,"sid":"` + sid + `","answer":{"questionItemId":"` + question + `"}}}`
}

var paced = []scenario{
	{
		name:  "a game that the server paces",
		args:  []string{"--questions", questionSets},
		limit: 1500 * time.Millisecond,
		game: func(c *quiz.Config) {
			c.Countdown, c.Question, c.Pause = 200*time.Millisecond, inLimit, 20*time.Millisecond
		},
		steps: append(inRoom(), []step{
			{who: "a", send: "start_game", data: `{"userId":17,"roomId":"$room","questionaireId":7,"limit":2}`, ack: `{}`, anew: true},
			{who: "a", send: "get_state", want: "state", like: `{"match":{"status":"MATCHED"},"room":{"roomId":"$room","mode":"","index":0,"of":0,"opponentAway":false}}`},
			{who: "b", send: "start_game", data: `{"roomId":"$room"}`, ack: `{}`},
			{who: "a", want: "game_starting", like: `{"inMs":200}`},
			{who: "b", want: "game_starting", like: `{"inMs":200}`},
			{who: "a", want: "question_started", like: `{"roomId":"$room","index":0,"of":2,"question":{"id":"$q1","text":"$text","choices":["wrong","right","well"]},"closesInMs":"*"}`},
			{who: "b", want: "question_started", like: `{"roomId":"$room","index":0,"of":2,"question":{"id":"$q1","text":"$text"},"closesInMs":"*"}`},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q1","answer":1}`, want: "get_answer_result", like: answered(`17`, "$sidA", "$q1"), ack: answered(`17`, "$sidA", "$q1"), timed: true},
			{who: "b", want: "get_answer_result", like: answered(`17`, "$sidA", "$q1"), timed: true},
			{who: "a", do: func(st *stage) { st.unlike("q1", "sent1", "sent2") }, send: "get_state", want: "state", like: `{"room":{"questionaireId":7,"mode":"paced","index":0,"of":2,"question":{"id":"$q1"},"closesInMs":"*","scores":[{"id":17,"score":0},{"id":"18","score":0}]}}`, timed: true}, // though 17 is right
			{who: "a", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q1","answer":0}`, want: "get_answer_result", like: answered(`17`, "$sidA", "$q1"), timed: true},                                                                                                               // too
			{who: "b", send: "request_question", data: `{"roomId":"$room","questionaireId":7}`, ack: `{"error":{"code":"wrong_mode"}}`, timed: true},
			{who: "a", want: "question_closed", like: `{"roomId":"$room","questionItemId":"$q1","answer":1,"answers":[{"id":17,"answer":1}],"scores":[{"id":17,"score":"$score"},{"id":"18","score":0}]}`, anew: true},
			{who: "b", want: "question_closed", like: `{"roomId":"$room","questionItemId":"$q1","answer":1,"answers":[{"id":17,"answer":1}],"scores":[{"id":17,"score":"$score"},{"id":"18","score":0}]}`},
			{who: "a", want: "question_started", like: `{"index":1,"of":2,"question":{"id":"$q2"}}`},
			{who: "b", want: "question_started", like: `{"index":1,"of":2,"question":{"id":"$q2"}}`},
			{who: "b", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q1","answer":1}`, ack: `{"error":{"code":"too_late"}}`},
			{who: "b", do: (*stage).wasFast, send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q2","answer":"wrong"}`, want: "get_answer_result", like: answered(`"18"`, "$sidB", "$q2"), timed: true},
			{who: "a", want: "get_answer_result", like: answered(`"18"`, "$sidB", "$q2"), timed: true},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q2","answer":"well"}`, want: "get_answer_result", like: answered(`17`, "$sidA", "$q2"), timed: true},
			{who: "a", want: "question_closed", like: `{"questionItemId":"$q2","answer":1,"answers":[{"id":17,"answer":2},{"id":"18","answer":0}],"scores":[{"id":17,"score":"$score"},{"id":"18","score":0}]}`},
			{who: "a", want: "game_over", like: `{"roomId":"$room","results":[{"id":17,"score":"$score","correct":1,"answered":2},{"id":"18","score":0,"correct":0,"answered":1}],"reason":"finished"}`},
			{who: "b", want: "get_answer_result"},
			{who: "b", want: "question_closed", like: `{"questionItemId":"$q2"}`},
			{who: "b", want: "game_over", like: `{"reason":"finished"}`},
			{who: "b", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q2","answer":1}`, want: "get_answer_result", like: answered(`"18"`, "$sidB", "$q2")}, // the first one counts
		}...),
	},
	{
		name: "one leaves before both have started",
		args: []string{"--questions", questionSets},
		steps: append(inRoom(), []step{
			{who: "a", send: "start_game", data: `{"roomId":"$room","limit":51}`, ack: `{"error":{"code":"invalid"}}`},
			{who: "a", send: "start_game", data: `{"roomId":"$room"}`, ack: `{}`},
			{who: "b", send: "end_game_playing", data: `{"roomId":"$room"}`, ack: `{}`},
			{who: "b", want: "game_over", like: `{"reason":"forfeit","forfeitedBy":["18"]}`},
			{who: "a", want: "game_over", like: `{"reason":"forfeit","forfeitedBy":["18"]}`},
		}...),
	},
	{
		name: "one has waited long enough and leaves",
		args: []string{"--questions", questionSets},
		game: func(c *quiz.Config) { c.StartWait = 0 },
		steps: append(inRoom(), []step{
			{who: "a", send: "start_game", data: `{"roomId":"$room"}`, ack: `{}`},
			{who: "a", send: "end_game_playing", data: `{"roomId":"$room"}`, ack: `{}`},
			{who: "a", want: "game_over", like: `{"roomId":"$room","reason":"void"}`},
			{who: "b", want: "game_over", like: `{"roomId":"$room","reason":"void"}`},
		}...),
	},
}

// unlike checks that a captured value differs from some others.
func (st *stage) unlike(name string, others ...string) {
	st.Helper()
	for _, other := range others {
		if st.match.captured[name] == st.match.captured[other] {
			st.Errorf("%v was sent out before", st.match.captured[name])
		}
	}
}

// wasFast checks that a right answer brought more points than a slow one.
func (st *stage) wasFast() {
	score, err := st.match.captured["score"].(json.Number).Int64()
	if err != nil || score <= 100 || score > 200 {
		st.Errorf("the score is %v", st.match.captured["score"])
	}
}

var away = []scenario{
	{
		name: "an opponent is away and comes back",
		args: []string{"--questions", questionSets, "--grace", "20s"},
		steps: append(playing(), []step{
			{who: "b", do: func(st *stage) { st.goAway("b") }, want: "lost"},
			{who: "a", want: "opponent_away", like: `{"graceMs":20000}`},
			{who: "a", send: "get_state", want: "state", like: `{"room":{"mode":"self","opponentAway":true}}`},
			{who: "a", send: "send_answer", data: `{"roomId":"$room","questionItemId":"$q1","answer":1}`, want: "get_answer_result"},
			{who: "b", do: func(st *stage) { st.comeBack("b") }, want: "connected"},
			{who: "b", send: "get_state", data: `{"userId":"18"}`, want: "state", like: `{"match":{"roomId":"$room"},"room":{"roomId":"$room","index":0,"of":2,"scores":[{"id":17,"score":100},{"id":"18","score":0}],"opponentAway":false}}`},
			{who: "a", want: "opponent_back", like: `{}`},
		}...),
	},
	{
		name: "an opponent does not come back",
		args: []string{"--questions", questionSets, "--grace", "500ms"},
		steps: append(playing(), []step{
			{who: "b", do: func(st *stage) { st.goAway("b") }, want: "lost"},
			{who: "a", want: "opponent_away", like: `{"graceMs":500}`},
			{who: "a", want: "game_over", like: `{"reason":"forfeit","results":[{"id":17},{"id":"18"}]}`},
			{who: "b", do: func(st *stage) { st.comeBack("b") }, want: "connected"},
			{who: "b", send: "get_state", data: `{"userId":"18"}`, want: "state", like: `{}`},
		}...),
	},
}
