//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package boltledger

import (
	"os"
	"syscall"
)

// unlock ends the lock that bbolt took.
func unlock(file *os.File) { _ = syscall.Flock(int(file.Fd()), syscall.LOCK_UN) }
