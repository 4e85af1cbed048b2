package manifest

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func TestDerivedKeys(t *testing.T) {
	require.Equal(t, "kolena/7/Tenant 1, Berlin", deriveKey("kolena", "7", "Tenant 1, Berlin"))
	require.Equal(t, "cotool/x", deriveKey("cotool", "x", ""))
}

// Two requests never share a key, whatever stands in them.
func TestDerivedKeysDiffer(t *testing.T) {
	long := strings.Repeat("ä", 200)
	requests := [][3]string{
		{"zudu", "a", "b/c"}, {"zudu", "a/b", "c"}, {"zudu", "a%2Fb", "c"}, {"zudu", "a", ""}, {"zudu", "a/", ""},
		{"zudu", "a", long + "1"}, {"zudu", "a", long + "2"}, {"kolena", "a", long + "1"}, {"zudu", long, "x"},
	}
	keys := make(map[string]bool)
	for _, r := range requests {
		key := deriveKey(r[0], r[1], r[2])
		require.False(t, keys[key], key)
		require.LessOrEqual(t, len(key), longestKey)
		require.True(t, utf8.ValidString(key))
		keys[key] = true
	}
}
