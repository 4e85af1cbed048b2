// Package boltledger keeps the ledger of [once.Runner] in one local file, so
// that copies are made exactly once across crashes and reruns of a program.
//
//	ledger, err := boltledger.Open("copies.ledger")
//	...
//	defer ledger.Close()
//	runner := &once.Runner{Ledger: ledger}
//
// The file is a database of go.etcd.io/bbolt. One process at a time can have it
// open; a second one is told so by [ErrLocked]. To share a ledger among processes
// or machines, use module redisstore.
//
// What a method has written is on the disk when it returns, so the process may be
// killed at any moment. Writes that come while the disk is busy go to it together:
// many concurrent jobs cost little more than one.
//
// A record takes some 600 bytes and stays until [Ledger.Remove], since the key
// stands for its copy for as long as the ledger lasts.
package boltledger
