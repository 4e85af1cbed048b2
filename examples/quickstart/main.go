// Quickstart copies one agent on each of the four vendors, and shows what this
// SDK does that a plain HTTP client does not: it never sends a copy twice when
// an answer is lost, and it keeps to a vendor's limit.
//
//	go run ./examples/quickstart
//
// needs no keys: it runs against fakes of the vendors within the program, and
// nothing leaves the machine. With a vendor's environment variables set,
//
//	go run ./examples/quickstart -live -source ID -name NAME
//
// copies the agent ID on that vendor, for real.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
)

const help = `Quickstart copies one agent on each of four vendors, and shows what becomes of
a copy whose answer is lost, and how copies are paced.

  go run ./examples/quickstart                            on fakes; needs no keys
  go run ./examples/quickstart -live -source ID -name X   on a real vendor

The real vendor is the one whose credentials are in the environment:
ZUDU_API_KEY and ZUDU_API_SECRET, COTOOL_API_KEY, LANGSMITH_API_KEY, or
KOLENA_API_KEY.

`

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "quickstart:", err)
		stop()
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("quickstart", flag.ContinueOnError)
	isLive := flags.Bool("live", false, "copy an agent on a real vendor, with the credentials in the environment")
	vendor := flags.String("vendor", "", "with -live: zudu, cotool, langsmith or kolena; needed if the environment has the credentials of several")
	source := flags.String("source", "", "with -live: the ID of the agent to copy")
	name := flags.String("name", "", "with -live: the name of the copy (on Cotool there is none to choose)")
	flags.SetOutput(io.Discard) // main prints the error
	switch err := flags.Parse(args); {
	case err == flag.ErrHelp:
		fmt.Fprint(out, help)
		flags.SetOutput(out)
		flags.PrintDefaults()
		return nil
	case err != nil:
		return fmt.Errorf("%w; see -help", err)
	case flags.NArg() > 0:
		return fmt.Errorf("there is no argument %q; see -help", flags.Arg(0))
	case *isLive:
		return live(ctx, out, *vendor, *source, *name)
	case *source != "" || *name != "" || *vendor != "":
		return fmt.Errorf("-source, -name and -vendor go with -live; without it, the fakes have agents of their own")
	}
	return demo(ctx, out)
}
