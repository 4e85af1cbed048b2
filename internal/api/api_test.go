package api

import (
	"flag"
	"go/types"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write the exported API as it is to testdata")

func TestExportedAPI(t *testing.T) {
	dirs, err := publicPackages()
	if err != nil {
		t.Fatal(err)
	}
	for module, dirs := range byModule(dirs) {
		packages, err := load(module, dirs)
		if err != nil {
			t.Fatal(err)
		}
		for _, pkg := range packages {
			t.Run(pkg.Name(), func(t *testing.T) { compare(t, pkg) })
		}
	}
}

// compare compares what pkg exports with its list, or writes the list.
func compare(t *testing.T, pkg *types.Package) {
	file := filepath.Join("testdata", pkg.Name()+".txt")
	got := features(pkg)
	if *update {
		if err := os.WriteFile(file, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	listed, err := os.ReadFile(file)
	if err != nil {
		t.Fatalf("a new public package has to be listed: run  go test ./internal/api -update  (%v)", err)
	}
	if diff := difference(strings.Split(strings.TrimSpace(string(listed)), "\n"), got); diff != "" {
		t.Errorf("the exported API of %s is not as internal/api/%s lists it:\n%s"+
			"If that is meant, run  go test ./internal/api -update  and commit the list.", pkg.Path(), file, diff)
	}
}

// difference says which lines of got are new and which of want are gone.
func difference(want, got []string) string {
	var diff strings.Builder
	for _, line := range want {
		if !slices.Contains(got, line) {
			diff.WriteString("\tremoved: " + line + "\n")
		}
	}
	for _, line := range got {
		if !slices.Contains(want, line) {
			diff.WriteString("\tadded:   " + line + "\n")
		}
	}
	return diff.String()
}

func TestDifference(t *testing.T) {
	got := difference([]string{"func A()", "func B()"}, []string{"func A()", "func B(n int)"})
	if want := "\tremoved: func B()\n\tadded:   func B(n int)\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := difference([]string{"func A()"}, []string{"func A()"}); got != "" {
		t.Errorf("got %q, want nothing", got)
	}
}
