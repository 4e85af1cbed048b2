package redislimiter

import (
	"crypto/rand"
	"encoding/hex"
	"strconv"
	"sync/atomic"
)

// process tells the processes apart, ids the IDs of one.
var (
	process = func() string {
		var random [8]byte
		_, _ = rand.Read(random[:]) // crypto/rand never fails: it ends the process instead
		return hex.EncodeToString(random[:])
	}()
	ids atomic.Uint64
)

// newID returns an ID that no other call returns, in any process.
func newID() string {
	return process + "-" + strconv.FormatUint(ids.Add(1), 36)
}
