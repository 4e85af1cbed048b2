// Command benchmarks draws the plots of docs/plots and writes the tables of
// BENCHMARKS.md. It reads what the benchmarks and simulations of this folder print;
// BENCHMARKS.md has the commands. From the root of the repository:
//
//	go run ./internal/benchmarks docs/plots/data.txt
package main

import (
	"flag"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"strings"
)

func main() {
	log.SetFlags(0)
	flag.Parse()
	if err := run(flag.Arg(0), "."); err != nil {
		log.Fatal(err)
	}
}

// run writes BENCHMARKS.md and docs/plots below root.
func run(data, root string) error {
	f, err := readFigures(data)
	if err != nil {
		return err
	}
	for name, plot := range map[string]string{"cost.svg": f.plotCost(), "pacing.svg": f.plotPacing(), "duplicates.svg": f.plotDuplicates()} {
		if err := os.WriteFile(filepath.Join(root, "docs/plots", name), []byte(plot), 0o644); err != nil {
			return err
		}
	}
	return replaceTables(filepath.Join(root, "BENCHMARKS.md"), f.tables())
}

const (
	beginTables = "<!-- tables: begin -->\n"
	endTables   = "<!-- tables: end -->\n"
)

// replaceTables writes the tables between the markers of the page.
func replaceTables(page, tables string) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	before, rest, ok1 := strings.Cut(string(text), beginTables)
	_, after, ok2 := strings.Cut(rest, endTables)
	if !ok1 || !ok2 {
		return fmt.Errorf("%s lacks the markers of its tables", page)
	}
	return os.WriteFile(page, []byte(before+beginTables+tables+endTables+after), 0o644)
}
