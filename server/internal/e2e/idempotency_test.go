package e2e_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A client that builds its request anew may spell it otherwise; the key still finds the ticket.
func TestIdempotencyComparesMeaning(t *testing.T) {
	onAll(t, func(t *testing.T, env *matchqtest.Env) {
		n := start(t, env, "--ticket-ttl", "60s")
		post := func(body string) response {
			return n.call("POST", "/v1/queues/q/tickets", body, "Idempotency-Key", "k")
		}
		id := n.want(201, post(`{"player":17,"rating":1500,"attributes":{"a":[1,2.5,{"x":true,"y":null}],"name":"é/","big":9007199254740993,"e":100}}`)).text("id")
		for _, same := range []string{
			`{"attributes": {"big":9007199254740993, "e":1e2, "name":"\u00e9\/", "a":[1.0,25e-1,{"y":null,"x":true}]}, "rating":1.5e3, "player":"17"}`,
			`{"player":"\u0031\u0037","rating":1500.0,"ttl_ms":60000,"attributes":{"a":[1,2.50,{"x":true,"y":null}],"\u006eame":"é/","big":9007199254740993,"e":100.0}}`,
		} {
			if got := n.want(201, post(same)); got.text("id") != id {
				t.Errorf("%s: %s", same, got.raw)
			}
		}
		for _, other := range []string{
			`{"player":17,"rating":1500,"attributes":{"a":[1,2.5,{"x":true,"y":null}],"name":"é/","big":9007199254740992,"e":100}}`,
			`{"player":17,"rating":1500,"attributes":{"a":[2.5,1,{"x":true,"y":null}],"name":"é/","big":9007199254740993,"e":100}}`,
			`{"player":17,"rating":1500,"attributes":{"a":[1,2.5,{"x":true,"y":null}],"name":"e\u0301/","big":9007199254740993,"e":100}}`,
			`{"player":17,"rating":1500,"attributes":{"a":[1,2.5,{"x":true}],"name":"é/","big":9007199254740993,"e":100}}`,
			`{"player":17,"rating":1500}`,
		} {
			if got := n.want(422, post(other)); got.text("code") != "idempotency_key_reused" {
				t.Errorf("%s: %s", other, got.raw)
			}
		}
		if got := n.stats(); got.Enqueued != 1 {
			t.Errorf("stats are %+v", got)
		}
	})
}
