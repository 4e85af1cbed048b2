package once

import (
	"sync/atomic"
	"testing"
	"time"
	"unsafe"
)

// KeysAtWork is how many keys the process keeps a lock for.
func KeysAtWork() int {
	keyLocks.mu.Lock()
	defer keyLocks.mu.Unlock()
	return len(keyLocks.held)
}

// Now is what the package takes for the time.
func Now() time.Time { return clock() }

// SetClock gives the package a clock until the end of t. step sets its wall clock;
// the monotonic one goes on as before.
func SetClock(t *testing.T) (step func(time.Duration)) {
	var offset atomic.Int64
	start := time.Now()
	clock = func() time.Time {
		now := time.Now()
		return stamped(now.Add(time.Duration(offset.Load())), now.Sub(start))
	}
	t.Cleanup(func() { clock = time.Now })
	return func(d time.Duration) { offset.Add(int64(d)) }
}

// stamped is wall with a monotonic reading, which synctest's times have not. See type
// Time in package time.
func stamped(wall time.Time, monotonic time.Duration) time.Time {
	seconds := wall.Unix() - time.Date(1885, 1, 1, 0, 0, 0, 0, time.UTC).Unix()
	fields := (*[2]uint64)(unsafe.Pointer(&wall))
	fields[0] = 1<<63 | uint64(seconds)<<30 | uint64(wall.Nanosecond())
	fields[1] = uint64(monotonic) + 1
	return wall
}
