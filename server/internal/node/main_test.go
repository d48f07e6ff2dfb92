package node_test

import (
	"fmt"
	"log/slog"
	"os"
	"testing"

	"github.com/matchq/matchq/server/internal/redisconn"
)

func TestMain(m *testing.M) {
	redisconn.LogTo(slog.New(newJournal())) // the driver's complaints about a Redis that is away are expected
	if args := os.Getenv(processArgs); args != "" {
		if err := beServer(args); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}
