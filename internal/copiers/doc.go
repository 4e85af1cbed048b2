// Package copiers holds the tests that the Copiers of all four vendors pass: what
// they take for a copy, and which looks permit nothing.
package copiers
