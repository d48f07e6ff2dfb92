package e2e_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestConditionsOnRules are those of RFC 9110: * in If-Match means rules that exist, and in If-None-Match that none do.
func TestConditionsOnRules(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	admin := func(method, path, body string, headers ...string) response {
		return n.call(method, "/v1/admin/rules"+path, body, append(headers, "Authorization", "Bearer "+adminToken)...)
	}
	version := n.want(200, admin("GET", "", "")).header.Get("ETag")
	for _, dry := range []string{"", "?dry_run=true"} {
		for _, condition := range []string{"*", " * ", "W/" + version, `"1.old"`, `"1.old", "2.older"`} {
			got := n.want(412, admin("PUT", "/chess"+dry, `{"size":3}`, "If-Match", condition))
			if got.text("code") != "rules_changed" {
				t.Errorf("%s: %s", condition, got.raw)
			}
			n.want(412, admin("DELETE", "/chess"+dry, "", "If-Match", condition))
		}
		n.want(412, admin("PUT", "/*"+dry, `{"size":3}`, "If-None-Match", "*"))
		n.want(412, admin("PUT", "/chess"+dry, `{"size":3}`, "If-None-Match", `"1.old", W/`+version))
		n.want(412, admin("PUT", "/chess"+dry, `{"size":3}`, "If-Match", version, "If-None-Match", version))
	}
	n.want(422, admin("PUT", "/chess", `{"size":3}`, "If-None-Match", `""`))
	if got := n.want(200, admin("GET", "", "")); got.header.Get("ETag") != version {
		t.Errorf("the version becomes %s: %s", got.header.Get("ETag"), got.raw)
	}

	n.want(200, admin("PUT", "/chess", `{"size":3}`, "If-None-Match", "*"))
	n.want(412, admin("PUT", "/chess", `{"size":4}`, "If-None-Match", "*"))
	n.want(200, admin("PUT", "/chess", `{"size":4}`, "If-Match", "*"))
	version = n.want(200, admin("GET", "/chess", "")).header.Get("ETag")
	n.want(200, admin("PUT", "/chess", `{"size":5}`, "If-Match", `"1.old" ,`+version))
	n.want(204, admin("DELETE", "/chess", "", "If-Match", "*"))
	n.want(412, admin("DELETE", "/chess", "", "If-Match", "*"))
	n.want(200, admin("PUT", "/chess", `{"size":4}`, "If-None-Match", version))
}

// A reader that has the version gets no body.
func TestReadingRulesAgain(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	for _, path := range []string{"/v1/admin/rules", "/v1/admin/rules/*"} {
		read := func(method string, headers ...string) response {
			return n.call(method, path, "", append(headers, "Authorization", "Bearer "+adminToken)...)
		}
		tag := n.want(200, read("GET")).header.Get("ETag")
		for _, condition := range []string{tag, "W/" + tag, "*", `"1.old", ` + tag} {
			if got := n.want(304, read("GET", "If-None-Match", condition)); got.raw != "" || got.header.Get("ETag") != tag {
				t.Errorf("%s with %s: %q %v", path, condition, got.raw, got.header)
			}
			n.want(304, read("HEAD", "If-None-Match", condition))
		}
		n.want(200, read("GET", "If-None-Match", `"1.old"`))
		n.want(200, read("GET", "If-Match", tag))
		n.want(412, read("GET", "If-Match", `"1.old"`))
		n.want(422, read("GET", "If-None-Match", `"`))
	}
}

// Changes of many operators at once, each of a pattern of its own that must not exist, are all made, and each once.
func TestConditionsHoldWhileOthersChangeRules(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	var all sync.WaitGroup
	made := make(chan bool, 12)
	for i := range cap(made) {
		all.Go(func() {
			body := fmt.Sprintf(`{"size":%d}`, i+2) // the same rules once more would be the same change
			got := n.call("PUT", fmt.Sprint("/v1/admin/rules/q", i%4), body, "If-None-Match", "*", "Authorization", "Bearer "+adminToken)
			if got.status != 200 && got.status != 412 {
				t.Errorf("got %d %s", got.status, got.raw)
			}
			made <- got.status == 200
		})
	}
	all.Wait()
	close(made)
	count := 0
	for ok := range made {
		if ok {
			count++
		}
	}
	if count != 4 {
		t.Errorf("%d changes made rules for 4 patterns without any", count)
	}
}
