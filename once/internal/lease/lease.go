// Package lease says how long a Runner claims a key for. Tests that kill and suspend
// processes shorten it.
package lease

import "time"

// Time is how long a crashed process keeps others from a key. Only a test changes it.
var Time = 15 * time.Second

// Renewal is how often a lease is renewed. One renewal may fail.
func Renewal() time.Duration { return Time / 3 }
