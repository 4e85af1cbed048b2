package main

import (
	"os"
	"path/filepath"
	"testing"
)

// TestPlots: the plots and the tables are those that the command makes of the data.
func TestPlots(t *testing.T) {
	const root = "../.."
	dir := t.TempDir()
	must(t, os.MkdirAll(filepath.Join(dir, "docs/plots"), 0o755))
	page, err := os.ReadFile(filepath.Join(root, "BENCHMARKS.md"))
	must(t, err)
	must(t, os.WriteFile(filepath.Join(dir, "BENCHMARKS.md"), page, 0o644))
	must(t, run(filepath.Join(root, "docs/plots/data.txt"), dir))
	for _, name := range []string{"BENCHMARKS.md", "docs/plots/cost.svg", "docs/plots/pacing.svg", "docs/plots/duplicates.svg"} {
		got, err1 := os.ReadFile(filepath.Join(dir, name))
		want, err2 := os.ReadFile(filepath.Join(root, name))
		if err1 != nil || err2 != nil || string(got) != string(want) {
			t.Errorf("%s is not drawn from docs/plots/data.txt: go run ./internal/benchmarks docs/plots/data.txt (%v, %v)", name, err1, err2)
		}
	}
}
