package e2e_test

import (
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// Allow names HEAD wherever it names GET.
func TestAllowNamesHEAD(t *testing.T) {
	t.Parallel()
	n := start(t, matchqtest.Embedded(t))
	for path, want := range map[string]string{
		"/v1/stats": "OPTIONS, GET, HEAD", "/v1/tickets/none": "OPTIONS, DELETE, GET, HEAD", "/v1/tickets/batch": "OPTIONS, POST",
	} {
		options, refused := n.want(204, n.call("OPTIONS", path, "")), n.want(405, n.call("PATCH", path, ""))
		for _, got := range []response{options, refused} {
			if allow := got.header.Get("Allow"); allow != want {
				t.Errorf("%s allows %q, want %q", path, allow, want)
			}
		}
	}
}
