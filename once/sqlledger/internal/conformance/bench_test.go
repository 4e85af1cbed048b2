//go:build unix

package conformance_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/internal/lease"
)

// BenchmarkCopies says how many copies a second a ledger records, by processes and by
// callers of each: Begin, the Update before the sending, and Finish. The vendor answers at
// once. Server and processes share the machine.
//
//	go test -run '^$' -bench Copies -benchtime 5000x ./once/sqlledger/internal/conformance
func BenchmarkCopies(b *testing.B) {
	for _, bm := range []struct{ processes, callers int }{{1, 1}, {1, 8}, {1, 64}, {8, 8}} {
		places := map[string]func() string{
			"SQLite":     func() string { return b.TempDir() + "/ledger.db" },
			"PostgreSQL": func() string { return startPostgres(b, "-c", "fsync=on").url("public") },
		}
		for name, place := range places {
			b.Run(fmt.Sprintf("%s/processes=%d/callers=%d", name, bm.processes, bm.callers), func(b *testing.B) {
				work := task{Ledger: place(), Callers: bm.callers}
				children := make([]*child, bm.processes)
				for i := range children {
					work.Jobs = nil
					for n := i; n < b.N; n += bm.processes {
						work.Jobs = append(work.Jobs, job{Key: fmt.Sprint(n), SourceID: "1", Name: fmt.Sprint("copy ", n)})
					}
					children[i] = startChild(b, "copyAtOnce", work)
				}
				for _, c := range children {
					c.paused(b)
				}
				b.ResetTimer()
				for _, c := range children {
					c.resume()
				}
				for _, c := range children {
					require.True(b, c.wait(b))
				}
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "copies/s")
			})
		}
	}
}

// copyAtOnce makes copies with a vendor that needs no time.
func copyAtOnce(t task) error {
	lease.Time = 15 * time.Second
	l, err := t.open()
	if err != nil {
		return err
	}
	pause()
	runner := &once.Runner{Ledger: l, Concurrency: t.Callers}
	for r := range runner.All(context.Background(), t.jobs(instant{})) {
		if r.Err != nil {
			return r.Err
		}
	}
	return l.Close()
}

// instant is the Copier of such a vendor.
type instant struct{}

func (instant) Copy(_ context.Context, r agentcopy.CopyRequest) (agentcopy.Copy, error) {
	return agentcopy.Copy{Provider: "acme", SourceID: r.SourceID, ID: r.Name, Name: r.Name}, nil
}

func (instant) FindCopies(context.Context, agentcopy.CopyRequest, time.Time) ([]agentcopy.Candidate, error) {
	return nil, nil
}

func (instant) Identify(r agentcopy.CopyRequest) agentcopy.Identity {
	return agentcopy.Identity{Provider: "acme", Origin: "https://acme.example", SourceID: r.SourceID, SearchKey: r.Name}
}
