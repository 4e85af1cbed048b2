package transport

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// eachByte writes every byte of text by format.
func eachByte(format, text string) string {
	var b strings.Builder
	for i := range len(text) {
		fmt.Fprintf(&b, format, text[i])
	}
	return b.String()
}

func jsonText(text string) string {
	quoted, _ := json.Marshal(text)
	return string(quoted)
}

// wrapped is text in lines of n characters.
func wrapped(text string, n int, end string) string {
	var b strings.Builder
	for len(text) > n {
		b.WriteString(text[:n] + end)
		text = text[n:]
	}
	return b.String() + text
}

func TestMask(t *testing.T) {
	const secret = `not/a+real  credential="1"&2%41\x`
	mask := newMask([]Secret{{Value: secret}, {Value: "short"}, {Value: "another-secret"}})
	b64 := base64.StdEncoding.EncodeToString
	forms := map[string]string{
		"as it is":                   secret,
		"with one space":             strings.ReplaceAll(secret, "  ", " "),
		"without spaces":             strings.ReplaceAll(secret, " ", ""),
		"in two lines":               strings.ReplaceAll(secret, "  ", "\r\n\t"),
		"in a query":                 url.QueryEscape(secret),
		"in a path":                  url.PathEscape(secret),
		"every byte percent-encoded": eachByte("%%%02x", secret),
		"percent-encoded twice":      url.QueryEscape(url.QueryEscape(secret)),
		"in JSON":                    jsonText(secret),
		"in JSON in JSON":            jsonText(jsonText(secret)),
		"in JSON, slashes escaped":   strings.ReplaceAll(jsonText(secret), "/", `\/`),
		"every byte \\u-escaped":     eachByte(`\u%04x`, secret),
		"every byte \\U-escaped":     eachByte(`\u%04X`, secret),
		"every byte \\x-escaped":     eachByte(`\x%02x`, secret),
		"in Go":                      strconv.Quote(secret),
		"in HTML":                    html.EscapeString(secret),
		"every byte as an entity":    eachByte("&#%d;", secret),
		"a URL in JSON":              jsonText("https://x.example/?key=" + url.QueryEscape(secret)),
		"base64":                     b64([]byte(secret)),
		"base64 for URLs":            base64.RawURLEncoding.EncodeToString([]byte(secret)),
		"base64, one byte before":    b64([]byte("a" + secret + "b")),
		"base64, two bytes before":   b64([]byte("ab" + secret + "b")),
		"base64 of a user":           b64([]byte("user:" + secret)),
		"base64 for URLs, unaligned": base64.URLEncoding.EncodeToString([]byte("ab" + secret + "xyz")),
		"base64 in lines":            wrapped(b64([]byte("Bearer "+secret)), 16, "\r\n"),
		"base64 in lines, in JSON":   jsonText(wrapped(b64([]byte("Bearer "+secret)), 16, "\n")),
		"base64 in a query":          url.QueryEscape(b64([]byte("x" + secret))),
		"base64, slashes escaped":    strings.ReplaceAll(b64([]byte("x"+secret)), "/", `\/`),
		"in UTF-16":                  eachByte("%c\x00", secret),
		"another":                    "another-secret",
	}
	for name, form := range forms {
		t.Run(name, func(t *testing.T) {
			for _, around := range [][2]string{{"", ""}, {"the key ", " is wrong"}, {"%4", "%"}, {"/", `\u00`}, {"&amp", ";"}} {
				got := mask(around[0] + form + around[1])
				require.Contains(t, got, masked)
				inner := form[1 : len(form)-1]
				require.NotContains(t, got, inner)
				for size := 9; size <= len(secret); size++ { // no half of it either
					require.NotContains(t, got, secret[:size])
				}
			}
		})
	}
	for _, text := range []string{"", "the short key is wrong", "100% of \\ & %zz \\u12 &#; &", "not/a+real credential", "nothing"} {
		require.Equal(t, text, mask(text))
	}
	require.Equal(t, "a [redacted] b [redacted] c", mask("a another-secret b another-secret c"))
}

// FuzzMask: however the bytes of a credential are escaped, each in its way, it is
// masked, and text without it stays as it is.
func FuzzMask(f *testing.F) {
	const secret = "sk_live/Abc+123"
	mask := newMask([]Secret{{Value: secret}})
	f.Add([]byte{0, 1, 2, 3, 4, 5}, "a", "b")
	f.Add([]byte{1}, `\`, "%")
	f.Fuzz(func(t *testing.T, ways []byte, before, after string) {
		var b strings.Builder
		for i := range len(secret) {
			way := byte(0)
			if len(ways) > 0 {
				way = ways[i%len(ways)]
			}
			switch c := secret[i]; way % 6 {
			case 0:
				b.WriteByte(c)
			case 1:
				fmt.Fprintf(&b, "%%%02X", c)
			case 2:
				fmt.Fprintf(&b, `\u%04x`, c)
			case 3:
				fmt.Fprintf(&b, `\x%02x`, c)
			case 4:
				fmt.Fprintf(&b, "&#%d;", c)
			case 5:
				fmt.Fprintf(&b, "%%25%02x", c)
			}
		}
		if mask(before) != before || strings.ContainsAny(before+after, `\%&`) {
			return
		}
		if got := mask(before + b.String() + after); !strings.Contains(got, masked) || strings.Contains(got, secret[2:]) {
			t.Errorf("%q is printed as %q", b.String(), got)
		}
	})
}
