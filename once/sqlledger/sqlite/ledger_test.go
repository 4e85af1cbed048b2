package sqlite_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
	"github.com/agentcopy/agentcopy-go/once/oncetest"
	"github.com/agentcopy/agentcopy-go/once/sqlledger"
	"github.com/agentcopy/agentcopy-go/once/sqlledger/sqlite"
)

// store is a file, whose clock is the machine's.
type store struct{ path string }

func (s store) Open(t *testing.T) once.Ledger { return open(t, s.path) }

func (s store) StepClock(time.Duration) bool { return false }

func open(t testing.TB, path string) *sqlledger.Ledger {
	t.Helper()
	l, err := sqlite.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, l.Close()) })
	return l
}

func record(key string) once.Record {
	return once.Record{Key: key, Request: agentcopy.CopyRequest{SourceID: "s", Name: "n"}}
}

func begin(t testing.TB, l *sqlledger.Ledger, key string) once.Record {
	t.Helper()
	r, _, err := l.Begin(t.Context(), record(key), time.Minute)
	require.NoError(t, err)
	return r
}

func TestLedger(t *testing.T) {
	oncetest.TestLedger(t, func(t *testing.T) oncetest.Store { return store{filepath.Join(t.TempDir(), "ledger.db")} })
}

// A call that finishes again, since it got no answer, learns that it is done.
func TestFinishTwiceIsFinishOnce(t *testing.T) {
	l := open(t, filepath.Join(t.TempDir(), "ledger.db"))
	r := begin(t, l, "k")
	r.Copy = agentcopy.Copy{Provider: "acme", ID: "1"}
	require.NoError(t, l.Finish(t.Context(), r))
	require.NoError(t, l.Finish(t.Context(), r))
	r.Copy.ID = "2"
	require.ErrorIs(t, l.Finish(t.Context(), r), once.ErrLeaseLost)
}
