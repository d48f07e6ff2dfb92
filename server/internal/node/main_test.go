package node_test

import (
	"log/slog"
	"os"
	"testing"

	"github.com/matchq/matchq/server/internal/redisconn"
)

func TestMain(m *testing.M) {
	redisconn.LogTo(slog.New(newJournal())) // the driver's complaints about a Redis that is away are expected
	os.Exit(m.Run())
}
