package store

import (
	"cmp"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestRedacted(t *testing.T) {
	for text, want := range map[string]string{
		"postgres://me:secret@db/copies":               "postgres://me:xxxxx@db/copies",
		"run --ledger=postgres://me:s%20t@db:5432/x a": "run --ledger=postgres://me:xxxxx@db:5432/x a",
		"postgres://db/x?user=me&password=secret&a=b":  "postgres://db/x?user=me&password=xxxxx&a=b",
		`parse "redis://:secret@cache:x": no`:          `parse "redis://:xxxxx@cache:x": no`,
		"postgres://db:5432/copies":                    "postgres://db:5432/copies",
		"tenants.ledger.db":                            "tenants.ledger.db",
	} {
		require.Equal(t, want, Redacted(text))
	}
}

// A ledger tells accounts apart, and stores no credential.
func TestAccount(t *testing.T) {
	s, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"), true)
	require.NoError(t, err)
	defer s.Close()
	accounts := make(map[string]string)
	for _, tc := range []struct {
		place, credential string
		same              bool
		account           string // "": it is refused
	}{
		{"a", "key-1", false, "first"},
		{"a", "key-1", false, "first"},
		{"a", "key-2", false, ""},
		{"a", "key-2", true, "first"},
		{"a", "key-2", false, "first"}, // it is known from now on
		{"b", "key-1", false, "other"},
	} {
		account, err := s.Account(t.Context(), "kolena https://"+tc.place, tc.credential, tc.same)
		if tc.account == "" {
			require.ErrorIs(t, err, ErrOtherAccount)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, cmp.Or(accounts[tc.account], account), account)
		accounts[tc.account] = account
	}
	require.NotEqual(t, accounts["first"], accounts["other"])
}
