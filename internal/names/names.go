// Package names compares the names of agents with what a vendor may have made of
// them.
package names

import (
	"html"
	"strings"
	"unicode"
)

// Near reports whether a vendor that was asked for the name want may have made got
// of it, or the other way round: by trimming, changing case, white space or
// punctuation, escaping HTML, cutting, adding a prefix or a suffix, normalising Unicode, or
// replacing what is not ASCII. An empty name is near no other.
func Near(want, got string) bool {
	a, b := fold(want), fold(got)
	x, y := alphanumerics(a), alphanumerics(b)
	return Alike(want, got) || isPart(a, b) || min(len(x), len(y)) >= 3 && isPart(x, y)
}

// Alike reports whether two names are near and neither has a part that the other lacks. A
// vendor that keeps other names may still make these two the same: one that trims leaves
// most names as they are.
func Alike(want, got string) bool {
	if want == got {
		return true
	}
	a, b := fold(want), fold(got)
	if a == "" || b == "" {
		return false
	}
	if x := alphanumerics(a); x != "" && x == alphanumerics(b) {
		return true
	}
	if isReplaced(a, b) || isReplaced(b, a) {
		return true
	}
	a, b = bare(a), bare(b)
	return a != "" && a == b
}

// isReplaced reports whether got is name with something else for its runes beyond
// ASCII, two for each at most: a question mark, no accent, "ue" for "\u00fc". Three
// letters or digits must be left to compare, or got be question marks.
func isReplaced(name, got string) bool {
	from, to := []rune(name), []rune(got)
	lost := strings.Trim(got, "?\uFFFD ") == ""
	if len(name) == len(from) || max(len(from), len(to)) > longestReplaced || !lost && len(alphanumerics(bare(name))) < 3 {
		return false
	}
	ends := map[int]bool{0: true} // where in got the runes of name so far may end
	for _, r := range from {
		next := make(map[int]bool)
		for i := range ends {
			switch {
			case r > unicode.MaxASCII:
				next[i], next[i+1], next[i+2] = true, true, true
			case i < len(to) && to[i] == r:
				next[i+1] = true
			}
		}
		if ends = next; len(ends) == 0 {
			return false
		}
	}
	return ends[len(to)]
}

// longestReplaced bounds what a comparison costs.
const longestReplaced = 500

// alphanumerics is text without what is neither a letter nor a digit.
func alphanumerics(text string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return r
		}
		return -1
	}, text)
}

// fold takes away what vendors commonly change: escapes, case and white space.
func fold(name string) string {
	return strings.ToLower(strings.Join(strings.Fields(html.UnescapeString(name)), " "))
}

// isPart reports whether one begins or ends with the other, and neither is empty.
func isPart(a, b string) bool {
	short, long := a, b
	if len(a) > len(b) {
		short, long = b, a
	}
	return short != "" && (strings.HasPrefix(long, short) || strings.HasSuffix(long, short))
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
