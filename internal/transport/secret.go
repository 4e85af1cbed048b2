package transport

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"html"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// shortestMasked is the length below which a credential is not masked: nothing
// that short is a secret, and masking the word "key" would garble every message.
const shortestMasked = 8

const masked = "[redacted]"

// newMask returns a func that replaces the secrets, and the forms they take on
// their way through URLs, JSON and base64, in text that will be printed.
func newMask(secrets []Secret) func(string) string {
	var forms []string
	for _, s := range secrets {
		if len(s.Value) >= shortestMasked {
			forms = append(forms, encodings(s.Value)...)
		}
	}
	// Longest first: a form may be the beginning of another.
	slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	forms = slices.Compact(forms)
	pairs := make([]string, 0, 2*len(forms))
	for _, f := range forms {
		pairs = append(pairs, f, masked)
	}
	replacer := strings.NewReplacer(pairs...)
	return func(text string) string {
		for _, f := range forms {
			if strings.Contains(text, f) {
				return replacer.Replace(text)
			}
		}
		return text // nearly always, and for nothing
	}
}

func encodings(secret string) []string {
	quoted, _ := json.Marshal(secret) // a string always marshals
	twice, _ := json.Marshal(string(quoted))
	raw := []byte(secret)
	return []string{
		secret,
		url.QueryEscape(secret),
		url.PathEscape(secret),
		lowerEscapes(url.QueryEscape(secret)),
		lowerEscapes(url.PathEscape(secret)),
		unquote(string(quoted)),
		strings.Trim(string(twice), `\"`),
		html.EscapeString(secret),
		unquote(strconv.Quote(secret)),
		base64.StdEncoding.EncodeToString(raw),
		base64.RawStdEncoding.EncodeToString(raw),
		base64.URLEncoding.EncodeToString(raw),
		base64.RawURLEncoding.EncodeToString(raw),
	}
}

// escape matches one byte in a URL that is escaped.
var escape = regexp.MustCompile(`%[0-9A-F]{2}`)

// lowerEscapes is escaped as those write it whose hexadecimal digits are small.
func lowerEscapes(escaped string) string {
	return escape.ReplaceAllStringFunc(escaped, strings.ToLower)
}

func unquote(s string) string { return s[1 : len(s)-1] }

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
