// Agentcopy copies AI agents by the hundred, on Zudu, Cotool, LangSmith and
// Kolena, and can be stopped and started at will: no copy is made twice.
//
//	go run ./cmd/agentcopy demo     shows it, on fakes; needs no keys
//	go run ./cmd/agentcopy --help   teaches it by example
package main

import (
	"fmt"
	"os"
)

func main() {
	err := newRoot().Execute()
	if err != nil && err.Error() != "" {
		fmt.Fprintln(os.Stderr, "agentcopy:", err)
	}
	os.Exit(codeOf(err))
}
