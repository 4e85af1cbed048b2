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
func (l Limit) Duration(copies int) time.Duration { return l.Left(copies, nil, time.Time{}) }

// Left is how long after now the last of so many copies can be sent, given when
// the ones before were, in order.
func (l Limit) Left(copies int, sent []time.Time, now time.Time) time.Duration {
	if copies <= 0 {
		return 0
	}
	if l.Refills {
		return l.refill(copies, sent, now)
	}
	// Places in the window: taken ones are free again Per after they were taken,
	// free ones Per after now, and so on round and round.
	var taken []time.Time
	for _, at := range sent[max(0, len(sent)-l.N):] {
		if now.Sub(at) < l.Per {
			taken = append(taken, at)
		}
	}
	free := l.N - len(taken)
	if copies <= free {
		return 0
	}
	waiting := copies - free - 1
	rounds, place := time.Duration(waiting/l.N+1), waiting%l.N
	if place < len(taken) {
		return taken[place].Add(rounds * l.Per).Sub(now)
	}
	return rounds * l.Per
}

func (l Limit) refill(copies int, sent []time.Time, now time.Time) time.Duration {
	each := l.Per / time.Duration(l.N)
	tokens := float64(l.N)
	var last time.Time
	for i, at := range sent {
		if i > 0 {
			tokens = min(float64(l.N), tokens+float64(at.Sub(last))/float64(each))
		}
		tokens--
		last = at
	}
	if len(sent) > 0 {
		tokens = min(float64(l.N), tokens+float64(now.Sub(last))/float64(each))
	}
	return max(0, time.Duration((float64(copies)-tokens)*float64(each)))
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
