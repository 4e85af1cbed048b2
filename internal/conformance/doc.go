// Package conformance holds no code but tests: the promises of this SDK, checked
// for all four vendors through their public face, under every fault that a
// server, a proxy or a network can cause.
//
// The rules stand in tables of [row]: which fault, under which retry mode, leads
// to how many attempts, how many copies on the server, and which outcome. Each
// table runs in memory, in the virtual time of testing/synctest, and over real
// sockets of the loopback interface, in HTTP/1.1 and HTTP/2, in the clear and
// with TLS, against servers that are written for it and count the copies they
// make. Whatever a row expects, the following must hold in each case:
//
//   - under RetrySafe and RetryNever the server makes one copy at most;
//   - a call that says NotCopied made none;
//   - a call that succeeds, or says Copied, made one;
//   - nothing panics, and no goroutine and no connection is left behind.
//
// The suite ends with the number of cases, of copies and of duplicates.
//
// It is a module of its own for its dependencies: golang.org/x/net for raw
// HTTP/2 frames, kin-openapi for the vendors' contracts, goleak for goroutines. Tests
// start haproxy, nginx, squid and Varnish where they are installed, and say so where
// they are not.
package conformance
