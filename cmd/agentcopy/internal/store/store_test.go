package store

import (
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
	account := func(place, credential string, same bool) string {
		name, err := s.Account(t.Context(), "kolena https://"+place, credential, same)
		require.NoError(t, err)
		return name
	}
	first := account("a", "key-1", false)
	_, err = s.Account(t.Context(), "kolena https://a", "key-2", false)
	require.ErrorIs(t, err, ErrOtherAccount)
	require.Equal(t, first, account("a", "key-2", true))
	for _, known := range []string{"key-1", "key-2"} { // from now on
		require.Equal(t, first, account("a", known, false))
	}
	require.NotEqual(t, first, account("b", "key-1", false))
}
