package e2e_test

import (
	"strings"
	"testing"
)

// shapes are the payloads of the server's events in the protocol, as exact patterns (see matcher). One of an event's
// shapes must fit.
var shapes = map[string][]string{
	"notify_socket_id": {`{"sid":"#text"}`},
	"match_status": {
		pushedShape,
		`{"status":"DUPLICATED_USER_ID","ticketId":"#text","queue":"#id"}`,
		matchedShape,
		`{"status":"EXPIRED","ticketId":"#text","queue":"#id"}`,
		`{"status":"RESTORED","ticketId":"#text","queue":"#id","reason":"#text"}`,
		`{"status":"CANCELLED","ticketId":"#text","queue":"#id","reason":"#text"}`,
	},
	"cancel_request_general_match_status": {
		`{"status":"CANCEL_REQUEST_COMPLETE"}`,
		`{"status":"NO_PLAYER_IN_QUEUE"}`,
		`{"status":"ALREADY_MATCHED","matchId":"#text"}`,
	},
	"connection_status":            {`{"7?":"#number","8?":"#number","music?":"#number"}`}, // the queues of the scenarios
	"match_proposed":               {proposedShape},
	"match_assigned":               {`{"matchId":"#text","connection":"#text","data?":"#any"}`},
	"request_game_match_to_friend": {usersShape, `{"status":"NO_FRIEND_IN_CONNECTION_QUEUE"}`},
	"created_friend_match":         {usersShape},
	"friend_request_declined":      {`{"roomId":"#text","reason":"declined"}`, `{"roomId":"#text","reason":"expired"}`},
	"get_match_question":           {`{"roomId":"#text","questionaireId":"#id","limit":"#number","questions":["…",` + questionShape + `]}`},
	"get_answer_result": {
		`{"user":{"id":"#id","sid":"#text","answer":{"questionItemId":"#id","correct":"#bool","score":"#number","total":"#number"}}}`,
		`{"user":{"id":"#id","sid":"#text","answer":{"questionItemId":"#id"}}}`, // while a paced game asks
	},
	"game_starting":    {`{"inMs":"#number"}`},
	"question_started": {`{"roomId":"#text","index":"#number","of":"#number","question":` + questionShape + `,"closesInMs":"#number"}`},
	"question_closed":  {`{"roomId":"#text","questionItemId":"#id","answer":"#number","scores":` + scoresShape + `}`},
	"game_over": {
		`{"roomId":"#text","results":` + resultsShape + `,"reason":"finished"}`,
		`{"roomId":"#text","results":` + resultsShape + `,"reason":"forfeit","forfeitedBy":["…","#id"]}`,
		`{"roomId":"#text","results":` + resultsShape + `,"reason":"void"}`,
	},
	"opponent_away": {`{"graceMs":"#number"}`},
	"opponent_back": {`{}`},
	"resumed":       {`{"recovered":"#bool"}`},
	"state": {`{"ticket?":` + pushedShape + `,"invitations?":["…",` + usersShape + `],"room?":` + roomShape + `}`,
		`{"ticket?":` + pushedShape + `,"match":` + matchedShape + `,"invitations?":["…",` + usersShape + `],"room?":` + roomShape + `}`,
		`{"ticket":` + pushedShape + `,"match":` + proposedShape + `,"invitations?":["…",` + usersShape + `],"room?":` + roomShape + `}`},
	"error": {errorShape},
}

const (
	pushedShape   = `{"status":"PUSHED_TO_QUEUE","ticketId":"#text","queue":"#id","waiting":"#number","nextTickMs":"#number"}`
	playerShape   = `{"id":"#id","sid":"#text","attributes?":"#any"}`
	matchedShape  = `{"status":"MATCHED","matchId":"#text","roomId":"#text","questionaireId":"#id","user1":` + playerShape + `,"user2":` + playerShape + `,"question":["…",` + questionShape + `],"waitedMs":"#number","rules?":` + rulesShape + `,"assignment?":{"connection":"#text","data?":"#any"}}`
	rulesShape    = `{"version":"#text","gap?":"#number","region?":"#text","applied?":["…",` + appliedShape + `],"data?":"#any"}`
	appliedShape  = `{"rule":"#text","gap?":"#number","mean?":"#number","limit?":"#number","widened?":"#number","common?":"#text","region?":"#text","latency?":"#number","waived?":"#bool"}`
	proposedShape = `{"matchId":"#text","queue":"#id","players":["…","#id"],"deadlineMs":"#number"}`
	usersShape    = `{"roomId":"#text","user1":{"id":"#id","sid":"#text"},"user2":{"id":"#id","sid":"#text"}}`
	questionShape = `{"id":"#id","text":"#text","choices":["…","#text"]}`
	scoresShape   = `["…",{"id":"#id","score":"#number"}]`
	resultsShape  = `["…",{"id":"#id","score":"#number","correct":"#number","answered":"#number"}]`
	roomShape     = `{"roomId":"#text","questionaireId?":"#id","mode":"#text","index":"#number","of":"#number","question?":` + questionShape + `,"closesInMs?":"#number","scores":` + scoresShape + `,"opponentAway":"#bool"}`
	errorShape    = `{"code":"#text","message":"#text","retryAfterMs?":"#number"}`
)

// misshapen returns the error of a server's payload, "" if it is correct.
func misshapen(t *testing.T, got sight) string {
	t.Helper()
	known := shapes[strings.TrimPrefix(got.Event, "/ ")] // of / it is the same
	if got.See == "ack" {
		object, _ := got.Data.(map[string]any)
		if object["error"] == nil {
			return "" // an acknowledgement is compared with its event
		}
		known = []string{`{"error":` + errorShape + `}`}
	} else if got.See != "event" {
		return ""
	}
	problems := []string{"there is no such event"}
	for i, shape := range known {
		problem := (&matcher{exact: true}).diff(decode(t, shape), got.Data)
		if problem == "" {
			return ""
		}
		problems = append(problems[:i:i], problem)
	}
	return strings.Join(problems, "; or ")
}
