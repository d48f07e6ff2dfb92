package e2e_test

import (
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// A condition or a dry run that can't be read changes nothing.
func TestCarelessChangesOfRules(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t), guarded()...)
	admin := func(method, path, body string, headers ...string) response {
		return n.call(method, "/v1/admin/rules"+path, body, append(headers, "Authorization", "Bearer "+adminToken)...)
	}
	n.want(200, admin("PUT", "/chess", `{"size":4}`))
	version := n.want(200, admin("GET", "", "")).header.Get("ETag")

	for _, condition := range []string{"", `""`, `W/""`, `"`, "* ," + version, version + version} {
		n.want(422, admin("PUT", "/chess", `{"size":3}`, "If-Match", condition))
		n.want(422, admin("DELETE", "/chess", "", "If-Match", condition))
	}
	for _, query := range []string{"dry_run=true;", "dry_run=%true", "dry_run=true&by=100%"} {
		n.want(422, admin("PUT", "/chess?"+query, `{"size":3}`))
		n.want(422, admin("DELETE", "/chess?"+query, ""))
	}
	n.want(422, n.as(apiKey, "GET", "/v1/tickets/none?wait=1s;", ""))
	if got := n.want(200, admin("GET", "", "")); got.header.Get("ETag") != version {
		t.Errorf("the version becomes %s: %s", got.header.Get("ETag"), got.raw)
	}
	n.want(200, admin("PUT", "/chess", `{"size":4}`, "If-Match", version))
	n.want(200, admin("PUT", "/chess", `{"size":4}`, "If-Match", strings.Trim(version, `"`))) // as people type it
}
