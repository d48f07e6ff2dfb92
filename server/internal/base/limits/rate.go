package limits

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/go-redis/redis_rate/v10"
)

// Rate is a number of tickets a period. The zero value is no limit.
type Rate struct {
	Tickets int
	Per     time.Duration
}

var periods = map[string]time.Duration{"s": time.Second, "m": time.Minute, "h": time.Hour}

// UnmarshalText reads "10/s", "600/m", "5000/h" or "off".
func (r *Rate) UnmarshalText(text []byte) error {
	if string(text) == "off" {
		*r = Rate{}
		return nil
	}
	count, period, _ := strings.Cut(string(text), "/")
	n, err := strconv.Atoi(count)
	per, ok := periods[period]
	if err != nil || !ok || n < 1 || n > 1_000_000 {
		return fmt.Errorf(`must be a number from 1 to 1000000 a second, minute or hour, such as "10/s" or "600/m", or "off", not %q`, text)
	}
	*r = Rate{Tickets: n, Per: per}
	return nil
}

// Off reports whether there is no limit.
func (r Rate) Off() bool { return r.Tickets == 0 }

// limit allows a burst of one period, or of n if that is more: else a larger batch could never pass. Later requests pay
// for the burst, so the rate holds.
func (r Rate) limit(n int) redis_rate.Limit {
	return redis_rate.Limit{Rate: r.Tickets, Period: r.Per, Burst: max(r.Tickets, n)}
}
