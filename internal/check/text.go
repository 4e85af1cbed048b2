package check

import (
	"strings"
	"unicode"
)

// OneLine makes text from elsewhere fit to be printed: no line breaks, no
// control characters that a terminal would act on, no end of it.
func OneLine(s string) string {
	const limit = 1000
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, s)
	if len(s) > limit {
		s = strings.ToValidUTF8(s[:limit], "") + "..."
	}
	return s
}
