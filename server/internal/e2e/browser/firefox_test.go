package browser_test

import (
	"os"
	"os/exec"
	"strconv"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// clients is the folder of npm's packages, puppeteer-core among them: the client of WebDriver BiDi that is kept with Firefox.
const clients = "../testdata/clients"

// Two players play a whole game in Firefox, one of them with a reload.
func TestFirefox(t *testing.T) {
	t.Parallel()
	var path string
	for _, name := range []string{"firefox-esr", "firefox"} {
		if found, err := exec.LookPath(name); err == nil {
			path = found
			break
		}
	}
	missing := ""
	if path == "" {
		missing = "no Firefox is on the PATH: install it (apt-get install firefox-esr)"
	} else if _, err := os.Stat(clients + "/node_modules/puppeteer-core"); err != nil {
		missing = "puppeteer-core is missing: npm ci --prefix server/internal/e2e/testdata/clients"
	}
	if missing != "" {
		if os.Getenv("MATCHQ_REQUIRE_BROWSER") == "1" {
			t.Fatal(missing)
		}
		t.Skip(missing)
	}
	s := serveQuiz(t, matchqtest.Embedded(t))
	command := exec.CommandContext(t.Context(), "node", "firefox.js", path, s.url, strconv.Itoa(rounds))
	command.Dir = clients
	command.Env = append(os.Environ(), "HOME="+t.TempDir()) // profiles and caches go there
	if out, err := command.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
