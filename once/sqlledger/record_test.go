package sqlledger

import (
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/once"
)

func FuzzEscape(f *testing.F) {
	for _, s := range []string{"", "a", `\`, `\x00`, "\x00", "\xff\xfe", "\ufffd", "ä\x00\\", `\\x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		escaped := escape(s)
		require.True(t, utf8.ValidString(escaped))
		require.NotContains(t, escaped, "\x00")
		require.Equal(t, s, unescape(escaped))
	})
}

// A text that is added to Record, or to what it holds, must be escaped as well.
func TestEachStringIsEscaped(t *testing.T) {
	var fill func(v reflect.Value) (n int)
	fill = func(v reflect.Value) (n int) {
		switch v.Kind() {
		case reflect.String:
			v.SetString("x")
			return 1
		case reflect.Slice:
			if v.Type().Elem().Kind() == reflect.Uint8 || v.Type() == reflect.TypeFor[[]agentcopy.Attempt]() {
				return 0 // not stored
			}
			v.Set(reflect.MakeSlice(v.Type(), 1, 1))
			return fill(v.Index(0))
		case reflect.Struct:
			for i := range v.NumField() {
				if f := v.Type().Field(i); f.IsExported() && f.Name != "IdempotencyKey" {
					n += fill(v.Field(i))
				}
			}
		}
		return n
	}
	var r once.Record
	want := fill(reflect.ValueOf(&r).Elem())
	got := 0
	eachString(r, func(s string) string {
		got += strings.Count(s, "x")
		return s
	})
	require.Equal(t, want, got)
}
