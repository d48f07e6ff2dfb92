package games

import (
	"flag"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
)

// TestMain runs more tests in parallel than there are processors, unless -parallel is set.
func TestMain(m *testing.M) {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
	os.Exit(m.Run())
}

// onAll runs a test on all kinds of Redis, in parallel with others: tests wait most of the time.
func onAll(t *testing.T, test func(t *testing.T, env *matchqtest.Env)) {
	t.Helper()
	t.Parallel()
	matchqtest.Run(t, func(t *testing.T, env *matchqtest.Env) {
		t.Parallel()
		test(t, env)
	})
}
