// Agentcopy copies AI agents in bulk, on Zudu, Cotool, LangSmith and Kolena. Stop it
// and start it at any time: it makes no copy twice.
package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/store"
)

const rootHelp = `Agentcopy copies AI agents in bulk, on Zudu, Cotool, LangSmith and Kolena. Stop it
and start it at any time: what it has copied it does not copy again, and if an answer
was lost, it looks for the copy before it sends the request again.

A manifest lists the copies, as CSV or JSON:

  provider,source_id,name
  kolena,123,Tenant 1
  kolena,123,Tenant 2

Beside it, tenants.ledger.db remembers what was copied, and tenants.results.csv
says what became of each row. Keep the ledger as long as you may run it again.

Credentials come only from the environment:
  zudu       ZUDU_API_KEY, ZUDU_API_SECRET   (ZUDU_BASE_URL)
  cotool     COTOOL_API_KEY                  (COTOOL_BASE_URL)
  langsmith  LANGSMITH_API_KEY               (LANGSMITH_WORKSPACE_ID, LANGSMITH_ENDPOINT)
  kolena     KOLENA_API_KEY                  (KOLENA_API_URL)

Exit codes:
  0    everything is copied
  1    some rows failed or were not sent: no copy of them was made
  2    something must be fixed first: nothing was sent
  3    some rows are in doubt: they may have been copied
  129  stopped by SIGHUP: the terminal is gone
  130  stopped by Ctrl-C
  143  stopped by SIGTERM`

const rootExamples = `  agentcopy plan tenants.csv          what would be done? sends nothing
  agentcopy run tenants.csv           make the copies, or go on with them
  agentcopy status tenants.csv        how far is it? from any terminal
  agentcopy run tenants.csv --failed  only those that failed
  agentcopy resolve tenants.csv "kolena/123/Tenant 1" --assign 456`

func main() {
	// A run goes on when the reader of its output is gone, and when a file reaches the limit
	// that ulimit sets: both are errors of a write. Windows does not have SIGXFSZ, which is 25.
	signal.Ignore(syscall.SIGPIPE, syscall.Signal(25))
	root := &cobra.Command{
		Use:           "agentcopy",
		Short:         "Copy AI agents in bulk, each of them once",
		Long:          rootHelp,
		Example:       rootExamples,
		SilenceErrors: true, // they are printed below
		SilenceUsage:  true,
	}
	root.AddCommand(newRun(), newPlan(), newStatus(), newResolve(), &cobra.Command{
		Use: "version", Short: "Print the version", Args: cobra.NoArgs, Run: printVersion,
	})
	err := root.Execute()
	if err != nil && err.Error() != "" {
		fmt.Fprintln(os.Stderr, "agentcopy:", store.Redacted(err.Error()))
	}
	os.Exit(codeOf(err))
}

func printVersion(*cobra.Command, []string) {
	info, _ := debug.ReadBuildInfo() // there is always one with modules
	fmt.Println("agentcopy", info.Main.Version, info.GoVersion, runtime.GOOS, runtime.GOARCH)
}

// The exit codes. A run that a signal stopped ends with 128 and the signal's number.
const (
	exitFailed  = 1 // some rows failed, or were not sent
	exitUsage   = 2 // something must be fixed first, and nothing was sent
	exitInDoubt = 3 // it is not known of some rows whether they were copied
)

// exitError ends the program with a code.
type exitError struct {
	code int
	error
}

// errSaid is the error of an exitError that needs no more words.
var errSaid = errors.New("")

// codeOf is the exit code of an error. An error without one comes from the command
// line, or from before anything was sent.
func codeOf(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitUsage
}

// exitOf is how a run ends the program. err is why the results could not be written.
func exitOf(rows []*engine.Row, sig os.Signal, err error) error {
	c, code := engine.Count(rows), 0
	number, stopped := sig.(syscall.Signal)
	switch {
	case stopped:
		code = 128 + int(number)
	case c.Of[engine.InDoubt]+c.Of[engine.Ambiguous] > 0:
		code = exitInDoubt
	case c.Of[engine.Copied] < len(rows), err != nil:
		code = exitFailed
	default:
		return nil
	}
	if err != nil {
		err = fmt.Errorf("the results could not be written: %w; agentcopy status has them from the ledger", err)
	}
	return &exitError{code, cmp.Or(err, errSaid)}
}
