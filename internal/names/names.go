// Package names compares the names of agents with what a vendor may have made of
// them.
package names

import (
	"html"
	"strings"
	"unicode"
)

// Near reports whether a vendor that was asked for the name want may have made got
// of it, or the other way round: by trimming, changing case, folding white space,
// escaping HTML, cutting, adding a prefix or a suffix, or normalising Unicode. An
// empty name is near no other.
func Near(want, got string) bool {
	if want == got {
		return true
	}
	a, b := fold(want), fold(got)
	if a == "" || b == "" {
		return false
	}
	if isPart(a, b) || isPart(b, a) {
		return true
	}
	a, b = bare(a), bare(b)
	return a != "" && a == b
}

// fold takes away what vendors commonly change: escapes, case and white space.
func fold(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(html.UnescapeString(name)), " "))
}

// isPart reports whether long begins or ends with short.
func isPart(short, long string) bool {
	return strings.HasPrefix(long, short) || strings.HasSuffix(long, short)
}

// bare is name without every rune beyond ASCII and every letter before a combining
// mark. NFC and NFD of one name come to the same, without a table of Unicode.
func bare(name string) string {
	runes := []rune(name)
	var b strings.Builder
	for i, r := range runes {
		marked := i+1 < len(runes) && unicode.Is(unicode.M, runes[i+1])
		if r < unicode.MaxASCII && !marked {
			b.WriteRune(r)
		}
	}
	return b.String()
}
