package names_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/agentcopy/agentcopy-go/internal/names"
)

func TestNear(t *testing.T) {
	for _, tt := range []struct {
		what, want, got string
		near            bool
	}{
		{"trimmed, case folded", " Leases ", "LEASES", true},
		{"no-break space", "Leases\u00a0Berlin", "Leases Berlin", true},
		{"HTML escaped", `"R&D"`, "&#34;R&amp;D&#34;", true},
		{"cut, with dots", "Leases, Berlin", "leases_Be...", true},
		{"suffixed", "Leases", "Leases (copy)", true},
		{"prefixed", "Leases", "Copy of Leases", true},
		{"NFC and NFD", "Caf\u00e9 Nord", "Cafe\u0301 Nord", true},
		{"NFD and NFC", "A\u030angstrom", "\u00c5ngstrom", true},
		{"a question mark for what is not ASCII", "Caf\u00e9 Nord", "Caf? Nord", true},
		{"a question mark for each byte", "Caf\u00e9 Nord", "Caf?? Nord", true},
		{"transliterated", "B\u00fcro M\u00fcnchen", "Buero Muenchen", true},
		{"read as Latin-1", "B\u00fcro", "B\u00c3\u00bcro", true},
		{"another name with such runes", "B\u00fcro M\u00fcnchen", "Buero Mannheim", false},
		{"nothing but question marks", "\u6771\u4eac", "??", true},
		{"question marks for another name", "Berlin", "??????", false},
		{"too little to compare", "\u00e9 1", "a 1", false},
		{"longer than any name", "Berlin " + strings.Repeat("\u00e9", 10_000) + " Nord", "Berlin " + strings.Repeat("?", 10_000) + " Nord", false},
		{"a number apart, with such runes", "B\u00fcro 1", "B\u00fcro 2", false},
		{"another name", "Leases", "Invoices", false},
		{"another name that ends in the same two letters", "R&D", "Third", false},
		{"a number apart", "Tenant 1", "Tenant 2", false},
		{"nothing", "Leases", "", false},
		{"nothing but signs", "--", "!", false},
		{"only runes beyond ASCII", "\u65e5\u672c", "\u4e2d\u56fd", false},
	} {
		t.Run(tt.what, func(t *testing.T) {
			require.Equal(t, tt.near, names.Near(tt.want, tt.got))
			require.Equal(t, tt.near, names.Near(tt.got, tt.want), "near is the same both ways")
		})
	}
}
