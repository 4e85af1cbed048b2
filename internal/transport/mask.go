package transport

import (
	"encoding/base64"
	"errors"
	"html"
	"slices"
	"strconv"
	"strings"
)

// shortestMasked is the length below which a credential is not masked: nothing
// that short is a secret, and masking the word "key" would garble every message.
const shortestMasked = 8

const masked = "[redacted]"

// longestMasked is the length above which a text is masked as a whole: looking for
// secrets takes a hundred times its bytes, and nobody reads it. No body that is kept
// is as long.
const longestMasked = 256 << 10

// mostLayers is how many escapes around each other are seen through: a credential in
// the URL of a document in JSON within a document in JSON has three.
const mostLayers = 4

// newMask returns a func that replaces the secrets in text that will be printed. It
// knows them as they are, with other white space or none, and in base64 at any alignment;
// and each of these escaped, in whole or in part, for a URL, for JSON, Go or HTML.
func newMask(secrets []Secret) func(string) string {
	var forms []string // without fillers
	for _, s := range secrets {
		if len(s.Value) >= shortestMasked {
			forms = append(forms, formsOf(s.Value)...)
		}
	}
	slices.Sort(forms)
	forms = slices.Compact(forms)
	if len(forms) == 0 {
		return func(text string) string { return text }
	}
	return func(text string) string {
		if len(text) > longestMasked {
			return masked
		}
		if !strings.ContainsAny(text, "%\\&") && !containsAny(text, forms) && !containsAny(squeeze(text), forms) {
			return text // nearly always, and for next to nothing
		}
		var spans []span
		v := viewOf(text)
		for layer, more := 0, true; layer <= mostLayers && more; layer++ {
			spans = v.squeezed().find(forms, spans)
			v, more = v.unescaped()
		}
		return replaceSpans(text, spans)
	}
}

func containsAny(text string, forms []string) bool {
	return slices.ContainsFunc(forms, func(form string) bool { return strings.Contains(text, form) })
}

// formsOf are the forms of a secret, without fillers; escapes are taken off elsewhere.
func formsOf(secret string) []string {
	forms := []string{squeeze(secret)}
	for _, form := range []string{secret, strings.ReplaceAll(secret, " ", "+")} { // as in the query of a URL
		// A secret may hold what looks like an escape: also without it.
		for v, more := viewOf(form), true; more; v, more = v.unescaped() {
			if form := squeeze(string(v.text)); len(form) >= shortestMasked {
				forms = append(forms, form)
			}
		}
	}
	for before := range 3 { // bytes that are encoded with its first one
		encoded := base64.RawStdEncoding.EncodeToString(append(make([]byte, before), secret...))
		// The characters that only the secret decides.
		core := encoded[(before*8+5)/6 : (before+len(secret))*8/6]
		forms = append(forms, core, strings.NewReplacer("+", "-", "/", "_").Replace(core))
	}
	return forms
}

// squeeze is text without fillers.
func squeeze(text string) string {
	return strings.Map(func(r rune) rune {
		if isFiller(byte(min(r, 0x7f))) {
			return -1
		}
		return r
	}, text)
}

// isFiller reports whether c tells nothing of a secret: white space, and what no
// credential has, such as the NULs of UTF-16 or a space beyond ASCII.
func isFiller(c byte) bool { return c <= ' ' || c > '~' }

// span is a part of a text, from one byte to another.
type span struct{ from, to int }

// view is a text in another form, in which each byte knows where it comes from.
type view struct {
	text  []byte
	spans []span // in the original, one for each byte
}

func viewOf(text string) view {
	v := view{[]byte(text), make([]span, len(text))}
	for i := range v.spans {
		v.spans[i] = span{i, i + 1}
	}
	return v
}

func (v *view) add(c byte, s span) {
	v.text = append(v.text, c)
	v.spans = append(v.spans, s)
}

// squeezed is v without fillers.
func (v view) squeezed() view {
	var out view
	for i, c := range v.text {
		if !isFiller(c) {
			out.add(c, v.spans[i])
		}
	}
	return out
}

// unescaped is v with one layer of escapes taken off; more reports whether there was
// one.
func (v view) unescaped() (out view, more bool) {
	for i := 0; i < len(v.text); {
		c, n := unescape(v.text[i:])
		out.add(c, span{v.spans[i].from, v.spans[i+n-1].to})
		more = more || n > 1
		i += n
	}
	return out, more
}

// unescape is the first character of text and how many bytes it takes there. Only
// those of ASCII are unescaped, since a credential has no others.
func unescape(text []byte) (c byte, n int) {
	switch first := text[0]; {
	case first == '%':
		if c, ok := hexByte(text[1:], 2); ok {
			return c, 3
		}
	case first == '&':
		if end := slices.Index(text[:min(len(text), 10)], ';'); end > 0 {
			if c := html.UnescapeString(string(text[:end+1])); len(c) == 1 {
				return c[0], end + 1
			}
		}
	case first == '\\' && len(text) > 1:
		switch second := text[1]; second {
		case 'u':
			if c, ok := hexByte(text[2:], 4); ok {
				return c, 6
			}
		case 'x':
			if c, ok := hexByte(text[2:], 2); ok {
				return c, 4
			}
		case 'n', 'r', 't', 'f', 'v':
			return ' ', 2
		case '"', '\'', '\\', '/':
			return second, 2
		}
	}
	return text[0], 1
}

// hexByte reads a character of ASCII in so many hexadecimal digits.
func hexByte(text []byte, digits int) (byte, bool) {
	if len(text) < digits {
		return 0, false
	}
	n, err := strconv.ParseUint(string(text[:digits]), 16, 7)
	return byte(n), err == nil
}

// find adds to spans the parts of the original that are one of forms in v.
func (v view) find(forms []string, spans []span) []span {
	text := string(v.text)
	for _, form := range forms {
		for from := 0; ; {
			at := strings.Index(text[from:], form)
			if at < 0 {
				break
			}
			at += from
			spans = append(spans, span{v.spans[at].from, v.spans[at+len(form)-1].to})
			from = at + 1
		}
	}
	return spans
}

// replaceSpans masks the spans of text.
func replaceSpans(text string, spans []span) string {
	if len(spans) == 0 {
		return text
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	var out strings.Builder
	done := 0
	for _, s := range spans {
		if s.from >= done {
			out.WriteString(text[done:s.from] + masked)
		}
		done = max(done, s.to)
	}
	out.WriteString(text[done:])
	return out.String()
}

// maskError returns err, or if its text holds a secret, an error with the
// secret masked that still matches what err matches.
func maskError(mask func(string) string, err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := mask(text); clean != text {
		return maskedError{clean, func() error { return err }}
	}
	return err
}

// maskedError stands for an error whose text must not be printed. It has no
// Unwrap, which would hand that error out.
type maskedError struct {
	text     string
	original func() error
}

func (e maskedError) Error() string        { return e.text }
func (e maskedError) Is(target error) bool { return errors.Is(e.original(), target) }
