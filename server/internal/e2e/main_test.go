package e2e_test

import (
	"flag"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"strconv"
	"testing"

	"github.com/matchq/matchq/matchq/matchqtest"
	"github.com/matchq/matchq/server/internal/base/redisconn"
)

func TestMain(m *testing.M) {
	redisconn.LogTo(slog.New(newJournal())) // the driver's errors about a Redis that is away are expected
	if args := os.Getenv(processArgs); args != "" {
		if err := beServer(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	waitTogether()
	os.Exit(m.Run())
}

// waitTogether runs more tests in parallel than there are processors, unless -parallel is set: they wait most of the
// time.
func waitTogether() {
	flag.Parse()
	said := false
	flag.Visit(func(f *flag.Flag) { said = said || f.Name == "test.parallel" })
	if !said {
		_ = flag.Set("test.parallel", strconv.Itoa(2*runtime.GOMAXPROCS(0)))
	}
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
