package e2e_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/app"
)

// terminal passes on each text as soon as it is written.
type terminal chan string

func (t terminal) Write(text []byte) (int, error) {
	t <- string(text)
	return len(text), nil
}

// The terminal gets commands and addresses that work as they are.
func TestFirstSteps(t *testing.T) {
	t.Parallel()
	terminal := make(terminal, 1)
	n := startWith(t, matchqtest.Embedded(t), func(c *app.Config) { c.Terminal = terminal }, "--path-prefix", "/quiz")
	shown := <-terminal
	command := regexp.MustCompile(`(?m)curl .*$`).FindString(shown)
	out, err := exec.CommandContext(t.Context(), "sh", "-c", strings.Replace(command, "curl", "curl -sS", 1)).Output()
	if err != nil || !strings.Contains(string(out), `"state":"waiting"`) {
		t.Errorf("%s\nprints %s, %v", command, out, err)
	}
	for _, url := range regexp.MustCompile(`http://\S+/(?:demo|dashboard)`).FindAllString(shown, -1) {
		n.want(200, n.call("GET", strings.TrimPrefix(url, n.url), ""))
	}
	if n.log.has("listening") {
		t.Error("the log says it too")
	}
}
