// Agentcopy copies AI agents by the hundred, on Zudu, Cotool, LangSmith and Kolena,
// and can be stopped and started at will: no copy is made twice.
package main

import (
	"fmt"
	"os"
	"os/signal"
	"syscall"
)

func main() {
	signal.Ignore(syscall.SIGPIPE) // who reads the output is gone: the run goes on
	err := newRoot().Execute()
	if err != nil && err.Error() != "" {
		fmt.Fprintln(os.Stderr, "agentcopy:", err)
	}
	os.Exit(codeOf(err))
}
