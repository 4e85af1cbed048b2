// Package copiers holds the tests that the Copiers of all four vendors pass: what
// they take for a copy, and which finds permit no send. Its other tests are of what the
// four clients share: constructors, environment, With and reads.
package copiers
