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
	account := func(place, credential string, same bool) (string, error) {
		return s.Account(t.Context(), place, credential, same)
	}
	first, err := account("kolena https://a", "key-1", false)
	require.NoError(t, err)
	again, err := account("kolena https://a", "key-1", false)
	require.NoError(t, err)
	require.Equal(t, first, again)
	_, err = account("kolena https://a", "key-2", false)
	require.ErrorIs(t, err, ErrOtherAccount)
	replaced, err := account("kolena https://a", "key-2", true)
	require.NoError(t, err)
	require.Equal(t, first, replaced)
	replaced, err = account("kolena https://a", "key-2", false)
	require.NoError(t, err)
	require.Equal(t, first, replaced, "it is known from now on")
	other, err := account("kolena https://b", "key-1", false)
	require.NoError(t, err)
	require.NotEqual(t, first, other)
}
