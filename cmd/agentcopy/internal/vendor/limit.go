package vendor

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Limit is how many copies a vendor takes in a time. It stands here a second
// time, beside the limiter within the SDK's client, to tell how long a run takes.
type Limit struct {
	N   int
	Per time.Duration
	// Refills means a bucket of N that refills evenly: N at once, and then one
	// each Per/N. Otherwise it is a window: N at once, and the next N after Per.
	Refills bool
}

// String is "60 in any 1m1s", or "10 per 1s".
func (l Limit) String() string {
	if l.Refills {
		return fmt.Sprintf("%d per %v", l.N, l.Per)
	}
	return fmt.Sprintf("%d in any %v", l.N, l.Per)
}

// Limiter is the SDK's limiter that keeps to a limit of the operator's own.
func (l Limit) Limiter() agentcopy.Limiter { return agentcopy.NewWindowLimiter(l.N, l.Per) }

// Duration is how long copies take from the first to the last, as far as the
// limit is concerned.
func (l Limit) Duration(copies int) time.Duration {
	switch {
	case copies <= l.N:
		return 0
	case l.Refills:
		return time.Duration(copies-l.N) * l.Per / time.Duration(l.N)
	}
	return time.Duration((copies-1)/l.N) * l.Per
}

// ParseLimit reads "60/1m": sixty in any minute.
func ParseLimit(text string) (Limit, error) {
	count, per, found := strings.Cut(text, "/")
	n, err := strconv.Atoi(count)
	if !found || err != nil || n <= 0 {
		return Limit{}, fmt.Errorf("%q is not a limit such as 60/1m", text)
	}
	d, err := time.ParseDuration(per)
	if err != nil || d <= 0 {
		return Limit{}, fmt.Errorf("%q is not a limit such as 60/1m: %q is not a time", text, per)
	}
	return Limit{N: n, Per: d}, nil
}
