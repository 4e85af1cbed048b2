//go:build !peers

package main

// peers are left out unless the build tag of that name is set: they take
// minutes to compile, and all that the tests of this module need is the floor.
func peers() []contender { return nil }
