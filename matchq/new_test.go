package matchq_test

import (
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/matchq/matchq/matchq"
)

// A client that is missing is refused by New: otherwise the first call ends the process, in a goroutine of the library.
func TestNewNeedsAClient(t *testing.T) {
	for name, client := range map[string]redis.UniversalClient{
		"nil": nil, "client": (*redis.Client)(nil), "cluster": (*redis.ClusterClient)(nil), "ring": (*redis.Ring)(nil),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := matchq.New(client, matchq.Config{})
			checkInvalid(t, err, "client")
		})
	}
	_, err := matchq.New(nil, matchq.Config{Size: 1})
	checkInvalid(t, err, "size")
}
