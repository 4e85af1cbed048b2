// Command benchmarks measures this SDK's copy calls side by side with the same
// call written by hand on net/http and, with the build tag peers, made with other
// Go SDKs. It prints tables in Markdown. From the root of the repository:
//
//	go run -tags peers ./internal/benchmarks -update BENCHMARKS.md
//
// Without the tag it compiles in seconds and compares the SDK with the floor
// alone; with -quick it takes seconds as well, and tells little about times.
// BENCHMARKS.md says what is measured and how.
package main

import (
	"context"
	"flag"
	"fmt"
	"log"
	"os"
	"os/signal"
	"regexp"
	"time"
)

func main() {
	log.SetFlags(0)
	if len(os.Args) == 2 && os.Args[1] == serveCommand {
		serve()
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context) error {
	rounds := flag.Int("rounds", 25, "measure each cell of a table in so many rounds")
	duration := flag.Duration("duration", 20*time.Millisecond, "and in each round, make as many calls as take the floor so long")
	limit := flag.Duration("limit", 90*time.Second, "begin no round of a cell after so long, if it has had three")
	sizes := flag.String("sizes", "2k,20k,10m", "measure answers of these sizes")
	only := flag.String("only", "", "measure only contenders whose names match this regular expression, and the floor")
	chunked := flag.Bool("chunked", false, "let the answers come in chunks, without a declared length")
	quick := flag.Bool("quick", false, "take seconds: few rounds, the smallest answers, a tenth of the load")
	update := flag.String("update", "", "write the tables into this file, between its markers, instead of to standard output")
	flag.Parse()

	p := plan{
		budget:  budget{*rounds, *duration, *limit},
		chunked: *chunked,
		callers: 10_000,
		latency: 50 * time.Millisecond,
		loads:   5,
	}
	if *quick {
		p.budget.rounds, p.budget.duration = fewestRounds, 5*time.Millisecond
		p.callers, p.loads = 1_000, 1
		*sizes = "2k"
	}
	var err error
	if p.sizes, err = parseSizes(*sizes); err != nil {
		return err
	}
	if p.only, err = regexp.Compile(*only); err != nil {
		return err
	}
	tables, err := p.measure(ctx)
	if err != nil {
		return err
	}
	if *update != "" {
		return replaceFigures(*update, tables)
	}
	_, err = fmt.Print(tables)
	return err
}
