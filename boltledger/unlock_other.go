//go:build !(darwin || dragonfly || freebsd || linux || netbsd || openbsd)

package boltledger

import "os"

// unlock has nothing to do: here, the lock ends when the file is closed.
func unlock(*os.File) {}
