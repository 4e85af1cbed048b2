// Package toyvendor holds no code but tests: a fifth vendor, Acme, as small as one
// can be and whole all the same. It is what the steps of CONTRIBUTING.md lead to,
// and proves that they are all there are. Its files are named like those of a
// vendor's package, with _test behind.
package toyvendor
