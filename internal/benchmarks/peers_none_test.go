//go:build !peers

package main

// peers are compiled with -tags peers, which takes minutes the first time.
var peers []client
