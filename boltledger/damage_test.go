package boltledger_test

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/boltledger"
	"github.com/agentcopy/agentcopy-go/once"
)

// sound returns the file of a ledger and the records that are in it.
func sound(t *testing.T) (file []byte, records map[string]once.Record) {
	t.Helper()
	path := newPath(t)
	l := open(t, path)
	for i := range 300 {
		r := begin(t, l, i)
		switch i % 10 {
		case 0: // pending
		case 1:
			require.NoError(t, l.Abandon(t.Context(), r))
		default:
			require.NoError(t, l.Finish(t.Context(), done(r)))
		}
	}
	records = listed(t, l)
	require.NoError(t, l.Close())
	file, err := os.ReadFile(path)
	require.NoError(t, err)
	return file, records
}

func listed(t *testing.T, l *boltledger.Ledger) map[string]once.Record {
	t.Helper()
	records := map[string]once.Record{}
	for r, err := range l.List(t.Context()) {
		require.NoError(t, err)
		records[r.Key] = r
	}
	return records
}

// inspect opens a file that may be damaged, and requires that it shows all that
// was in it or an error: nothing may be missing in silence.
func inspect(t *testing.T, file []byte, want map[string]once.Record, what string) (damaged bool) {
	t.Helper()
	path := newPath(t)
	require.NoError(t, os.WriteFile(path, file, 0o600))
	l, err := boltledger.Open(path)
	if err != nil {
		require.True(t, errors.Is(err, boltledger.ErrDamaged) || isNoLedger(err), "%s: %v", what, err)
		require.ErrorContains(t, err, path)
		after, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Equal(t, file, after, "%s: the file was changed", what)
		return true
	}
	defer func() { require.NoError(t, l.Close()) }()
	require.Equal(t, want, listed(t, l), what)
	for _, r := range want {
		if r.Done() {
			owner, found, err := l.Owner(t.Context(), r.Ref())
			require.NoError(t, err, what)
			require.True(t, found, what)
			require.Equal(t, r, owner, what)
		}
	}
	return false
}

// isNoLedger reports whether the damage has hit what says that the file is one.
func isNoLedger(err error) bool {
	text := err.Error()
	return strings.Contains(text, "no ledger") || strings.Contains(text, "of the format")
}

func TestADamagedFileIsNoticed(t *testing.T) {
	file, records := sound(t)
	pageSize := os.Getpagesize()
	noticed := 0
	random := rand.New(rand.NewPCG(1, 2))
	const tries = 60
	for range tries {
		spoilt := append([]byte(nil), file...)
		// Not in the two pages that say which transaction was the last: of those, one
		// may be damaged without harm.
		at := 2*pageSize + random.IntN(len(file)-2*pageSize)
		what := fmt.Sprintf("byte %d", at)
		if random.IntN(2) == 0 {
			spoilt[at] ^= byte(1 + random.IntN(255))
		} else {
			end := min(len(spoilt), at+random.IntN(2*pageSize))
			what += fmt.Sprintf(" to %d", end)
			for i := at; i < end; i++ {
				spoilt[i] = byte(random.IntN(256))
			}
		}
		if inspect(t, spoilt, records, what) {
			noticed++
		}
	}
	t.Logf("%d of %d damages were noticed, the others did no harm", noticed, tries)
	require.Greater(t, noticed, tries/10)
}

func TestAFileThatIsCutOffIsNoticed(t *testing.T) {
	file, records := sound(t)
	for size := 1; size < len(file); size += 9973 {
		inspect(t, file[:size], records, fmt.Sprintf("cut to %d of %d bytes", size, len(file)))
	}
}

func TestDamageWhileTheLedgerIsOpen(t *testing.T) {
	file, _ := sound(t)
	for name, damage := range map[string]func(path string) error{
		"overwritten": func(path string) error {
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				return err
			}
			noise := make([]byte, len(file)-2*os.Getpagesize())
			for i := range noise {
				noise[i] = 0xA5
			}
			_, err = f.WriteAt(noise, int64(2*os.Getpagesize()))
			return errors.Join(err, f.Close())
		},
		"cut off": func(path string) error { return os.Truncate(path, int64(os.Getpagesize())) },
	} {
		t.Run(name, func(t *testing.T) {
			path := newPath(t)
			require.NoError(t, os.WriteFile(path, file, 0o600))
			l, err := boltledger.Open(path)
			require.NoError(t, err)
			require.NoError(t, damage(path))
			for range 3 {
				_, _, err = l.Begin(t.Context(), intent(1000), 0)
				require.ErrorIs(t, err, boltledger.ErrDamaged)
				_, _, err = l.Owner(t.Context(), once.CopyRef{ID: "1"})
				require.ErrorIs(t, err, boltledger.ErrDamaged)
				for _, err := range l.Pending(t.Context()) {
					require.ErrorIs(t, err, boltledger.ErrDamaged)
				}
			}
			require.NoError(t, l.Close())
			_, err = boltledger.Open(path)
			require.ErrorIs(t, err, boltledger.ErrDamaged, "and it is not locked any more")
		})
	}
}

func TestALedgerThatCannotWriteGivesUp(t *testing.T) {
	path := newPath(t)
	l, err := boltledger.Open(path)
	require.NoError(t, err)
	begin(t, l, 1)
	l.BreakFile()
	for range 3 {
		_, _, err = l.Begin(t.Context(), intent(2), 0)
		require.ErrorContains(t, err, "could not be written")
		_, _, err = l.Owner(t.Context(), once.CopyRef{ID: "1"})
		require.ErrorContains(t, err, "could not be written")
	}
	_ = l.Close()
	require.Equal(t, 1, count(t, open(t, path)))
}
