package e2e_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/identity"
)

// The demo is on or off with all its parts, and the start page links to it only if it is on.
func TestDemoOnAndOff(t *testing.T) {
	t.Parallel()
	for args, on := range map[string]bool{
		"":                                    true,
		"--no-demo":                           false,
		"--jwt-secret " + jwtSecret:           false,
		"--demo --jwt-secret " + jwtSecret:    true,
		"--no-demo --jwt-secret " + jwtSecret: false,
	} {
		n := start(t, matchqtest.Embedded(t), strings.Fields(args)...)
		for call, status := range map[string]int{"GET /demo": 200, "HEAD /demo": 200, "POST /v1/demo/guest": 201} {
			if !on {
				status = 404
			}
			method, path, _ := strings.Cut(call, " ")
			if got := n.call(method, path, ""); got.status != status {
				t.Errorf("%s with %q: %d, want %d", call, args, got.status, status)
			}
		}
		page := n.want(200, n.call("GET", "/", ""))
		if offered := strings.Contains(page.raw, `href="demo"`); offered != on {
			t.Errorf("with %q the start page offers the demo: %v", args, offered)
		}
		n.want(200, n.call("GET", "/v1/questionnaires", ""))
	}
}

func TestQuestionnaires(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	got := n.want(200, n.call("GET", "/v1/questionnaires", ""))
	if list, _ := got.at("questionnaires").([]any); len(list) != 5 || got.text("questionnaires.3.title") != "World history" ||
		got.text("questionnaires.3.name") != "history" || got.at("questionnaires.3.questions") != json.Number("44") {
		t.Errorf("got %s", got.raw)
	}
	n = start(t, matchqtest.Embedded(t), "--questions", questionSets)
	if got := n.want(200, n.call("GET", "/v1/questionnaires", "")); got.text("questionnaires.0.name") != "7" {
		t.Errorf("got %s", got.raw)
	}
	n = start(t, matchqtest.Embedded(t), "--questions", "http://127.0.0.1:1/of-a-service")
	if got := n.want(200, n.call("GET", "/v1/questionnaires", "")); strings.TrimSpace(got.raw) != `{"questionnaires":[]}` {
		t.Errorf("got %s", got.raw)
	}
}

// If players need no tokens, guests need none either.
func TestGuestWithoutSecret(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	one, other := n.want(201, n.call("POST", "/v1/demo/guest", "")), n.want(201, n.call("POST", "/v1/demo/guest", ""))
	if one.text("player") == other.text("player") || one.at("token") != nil || one.at("expires_at") != nil {
		t.Errorf("got %s and %s", one.raw, other.raw)
	}
}

// A guest's token is valid for every request that takes a player's token, and for no other player.
func TestGuestToken(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, guarded("--demo")...)
		guest := n.want(201, n.call("POST", "/v1/demo/guest", ""))
		player, token := guest.text("player"), guest.text("token")
		if chosen := n.want(201, n.call("POST", "/v1/demo/guest", `{"player":"alice"}`)); chosen.text("player") == "alice" {
			t.Error("a guest has chosen their name")
		}

		n.want(201, n.as(token, "POST", "/v1/queues/history/tickets", `{}`))
		for _, body := range []string{`{"player":"alice"}`, `{"player":"` + player + `x"}`} {
			if got := n.want(403, n.as(token, "POST", "/v1/queues/history/tickets", body)); got.text("code") != "forbidden" {
				t.Errorf("%s: %s", body, got.raw)
			}
		}
		alices := n.want(201, n.as(tokenOf(t, "alice"), "POST", "/v1/queues/history/tickets", `{}`))
		n.want(404, n.as(token, "GET", "/v1/tickets/"+alices.text("id"), ""))
		n.want(403, n.as(token, "POST", "/v1/tickets/batch", `{"tickets":[{"queue":"history","player":"alice"}]}`))
		n.want(401, n.as(token, "GET", "/v1/admin/nodes", ""))

		s := n.dialAs(token)
		s.status("PUSHED_TO_QUEUE")
		s.refused("forbidden", `{"event":"create_general_game_match","data":{"userId":"alice","questionaireId":"history"}}`)
		s.emit("get_state", object{})
		if got := s.hears("state"); got.text("data.ticket.queue") != "history" {
			t.Errorf("the guest has no ticket: %v", got)
		}
		for _, secret := range []string{jwtSecret, token, strings.Split(token, ".")[2]} {
			if strings.Contains(n.log.text(), secret) {
				t.Errorf("%.10s… is in the log", secret)
			}
		}
	})
}

// A guest's token is signed like all tokens, and lasts half an hour.
func TestGuestTokenEnds(t *testing.T) {
	t.Parallel()
	guard, err := identity.New(identity.Options{JWTSecret: jwtSecret})
	if err != nil {
		t.Fatal(err)
	}
	guest, err := guard.NewGuest(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	claims := jwt.RegisteredClaims{}
	if _, err := jwt.ParseWithClaims(guest.Token, &claims, func(*jwt.Token) (any, error) { return []byte(jwtSecret), nil },
		jwt.WithValidMethods([]string{"HS256"})); err != nil {
		t.Fatal(err)
	}
	if left := time.Until(claims.ExpiresAt.Time); left > 30*time.Minute || left < 29*time.Minute || !claims.ExpiresAt.Equal(guest.Expires) {
		t.Errorf("the token lasts for %v, until %v", left, guest.Expires)
	}
	if !regexp.MustCompile(`^guest-[a-z2-7]{16}$`).MatchString(guest.Player) || claims.Subject != guest.Player {
		t.Errorf("%q, %q", guest.Player, claims.Subject)
	}

	late, err := guard.NewGuest(time.Now().Add(-identity.GuestTTL))
	if err != nil {
		t.Fatal(err)
	}
	n := start(t, matchqtest.Embedded(t), guarded("--demo")...)
	if got := n.want(401, n.as(late.Token, "POST", "/v1/queues/history/tickets", `{}`)); !strings.Contains(got.raw, "expired") {
		t.Errorf("got %s", got.raw)
	}
}

// The rate limit of tickets for an address applies to guests too.
func TestGuestsOfAnAddress(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), "--demo", "--jwt-secret", jwtSecret, "--rate-limit", "9/h", "--rate-limit-address", "2/h")
	n.want(201, n.call("POST", "/v1/demo/guest", ""))
	n.want(201, n.call("POST", "/v1/demo/guest", ""))
	if got := n.want(429, n.call("POST", "/v1/demo/guest", "")); got.header.Get("Retry-After") == "" || got.text("code") != "rate_limited" {
		t.Errorf("got %s", got.raw)
	}
	n.want(403, n.call("POST", "/v1/demo/guest", "", "Origin", "https://elsewhere.example"))
}
