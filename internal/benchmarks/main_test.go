package main

import (
	"os"
	"regexp"
	"strings"
	"testing"
	"time"
)

func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == serveCommand { // a test has started this binary as its server
		serve()
		return
	}
	os.Exit(m.Run())
}

// TestPlan measures next to nothing, but in every way there is.
func TestPlan(t *testing.T) {
	for name, chunked := range map[string]bool{"whole": false, "chunked": true} {
		t.Run(name, func(t *testing.T) {
			p := plan{
				budget:  budget{rounds: 1, duration: time.Millisecond},
				sizes:   []size{{"2 KB", 2 << 10}},
				only:    regexp.MustCompile("agentcopy"),
				chunked: chunked,
				callers: 20,
				latency: time.Millisecond,
				loads:   1,
			}
			tables, err := p.measure(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			for _, g := range groups() {
				for _, row := range []string{"| net/http by hand, " + g.vendor, "| agentcopy, " + g.vendor} {
					if n := strings.Count(tables, row+" |"); n != 3 {
						t.Errorf("%d rows begin with %q, want one in each of the three tables", n, row)
					}
				}
			}
		})
	}
}

func TestOnlyKeepsTheFloor(t *testing.T) {
	g := groups()[0]
	g.keep(regexp.MustCompile("^no such contender$"))
	if len(g.contenders) != 1 || g.contenders[0].name != groups()[0].contenders[0].name {
		t.Errorf("got %v, want the floor alone", g.contenders)
	}
}

func TestSizes(t *testing.T) {
	got, err := parseSizes("2k,10M,300")
	if err != nil {
		t.Fatal(err)
	}
	want := []size{{"2 KB", 2 << 10}, {"10 MB", 10 << 20}, {"300", 300}}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("got %v, want %v", got[i], want[i])
		}
	}
	for _, list := range []string{"", "k", "-1k", "2k,", "2g"} {
		if _, err := parseSizes(list); err == nil {
			t.Errorf("%q passes for a list of sizes", list)
		}
	}
}
