package laxjson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/laxjson"
)

// TestLargeWholeNumber: an ID is taken digit by digit, or not at all. As a float64,
// it would become that of another agent.
func TestLargeWholeNumber(t *testing.T) {
	for form, want := range map[string]int64{
		"9007199254740993.0":    9007199254740993,
		"9.007199254740993e15":  9007199254740993,
		"-9007199254740993.0":   -9007199254740993,
		`"9007199254740993.00"`: 9007199254740993,
		"9223372036854775807.0": 9223372036854775807,
		"9223372036854775808.0": 0,
		"9007199254740992.5":    0,
		"1e-999999999":          0,
		"1e999999999":           0,
	} {
		var got struct{ ID int64 }
		_, err := laxjson.Unmarshal(t.Context(), []byte(`{"id":`+form+`}`), &got)
		require.NoError(t, err, form)
		require.Equal(t, want, got.ID, form)
	}
}
