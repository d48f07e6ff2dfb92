package codec

import (
	"fmt"
	"time"
)

// maxDuration keeps times in 13 digits of milliseconds.
const maxDuration = 100 * 365 * 24 * time.Hour

// NeverMS is the time to live of a ticket that never expires.
const NeverMS = int64(maxDuration / time.Millisecond)

// DurationProblem is why a duration can't be stored, "" if it can.
func DurationProblem(d, least time.Duration) string {
	if d < least || d > maxDuration || d%time.Millisecond != 0 {
		return fmt.Sprintf("must be whole milliseconds, at least %v and at most 100 years, not %v", least, d)
	}
	return ""
}
