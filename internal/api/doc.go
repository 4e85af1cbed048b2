// Package api keeps the exported face of this SDK from changing unnoticed. The
// directory testdata lists it, a file for each package that users may import and
// a line for each feature, and the test compares the lists with the code. A
// change that is meant is written down by
//
//	go test ./internal/api -update
//
// whose diff then shows a reviewer what users will see of the change.
//
// The packages of the modules beside the root are listed here too, where they
// are there: who has downloaded the root module alone has none of them.
package api
