package main

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func TestReplaceFigures(t *testing.T) {
	name := filepath.Join(t.TempDir(), "figures.md")
	write := func(text string) {
		t.Helper()
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("# Title\n\n" + beginMarker + "old\n" + endMarker + "\n\nThe end.\n")
	for range 2 { // what it wrote, it finds again
		if err := replaceFigures(name, "new\n\n"); err != nil {
			t.Fatal(err)
		}
		got, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if want := "# Title\n\n" + beginMarker + "\nnew\n\n" + endMarker + "\n\nThe end.\n"; string(got) != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
	write("no markers")
	if err := replaceFigures(name, "new"); err == nil {
		t.Error("a file without markers is overwritten")
	}
}

func TestNumbers(t *testing.T) {
	for want, got := range map[string]string{
		"7":           thousands(7),
		"999":         thousands(999),
		"1,000":       thousands(1000),
		"12,345,678":  thousands(12_345_678),
		"9.5 µs":      microseconds(9500 * time.Nanosecond),
		"1234.0 µs":   microseconds(1234 * time.Microsecond),
		"1,500 ms":    microseconds(1500 * time.Millisecond),
		"1.25 ±0.03":  timing{ratio: 1.254, spread: 0.027}.String(),
		"median 2.50": "median " + timing{ratio: quantile([]float64{4, 1, 3, 2}, 0.5)}.String()[:4],
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
