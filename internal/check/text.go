package check

import (
	"strconv"
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

// Printable is text as it can stand in a message: quoted, and cut where it is long.
func Printable(text string) string {
	const limit = 60
	if len(text) > limit {
		return strconv.Quote(text[:limit]) + "..."
	}
	return strconv.Quote(text)
}
