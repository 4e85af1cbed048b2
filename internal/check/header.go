// Package check holds the checks of user input that the root package and the
// transport share.
package check

import (
	"fmt"
	"net/http"
	"strings"
)

// refusedHeaders are those that agentcopy.WithHeader does not set, by their canonical
// name, with the reason.
var refusedHeaders = map[string]string{
	"Authorization":       authenticates,
	"Proxy-Authorization": authenticates,
	"X-Api-Key":           authenticates, // X-API-KEY of Zudu, X-Api-Key of LangSmith
	"X-Api-Secret":        authenticates,

	"Accept-Encoding":   frames,
	"Connection":        frames,
	"Content-Encoding":  frames,
	"Content-Length":    frames,
	"Content-Type":      frames,
	"Expect":            frames,
	"Host":              frames,
	"Keep-Alive":        frames,
	"Proxy-Connection":  frames,
	"Te":                frames,
	"Trailer":           frames,
	"Transfer-Encoding": frames,
	"Upgrade":           frames,

	"Idempotency-Key":   resent,
	"X-Idempotency-Key": resent,
}

const (
	authenticates = "it authenticates, which is the client's own concern"
	frames        = "it frames the message, which is the transport's own concern"
	resent        = "no vendor documents it, and it lets net/http silently resend a POST"
)

// Header returns an error that names the header, never its value, if
// agentcopy.WithHeader must refuse it.
func Header(name, value string) error {
	if !isToken(name) {
		return fmt.Errorf("%s is not a header name", Printable(name))
	}
	if reason, ok := refusedHeaders[http.CanonicalHeaderKey(name)]; ok {
		return fmt.Errorf("header %s is refused: %s", name, reason)
	}
	if reason := WireHeader(name); reason != "" {
		return fmt.Errorf("header %s is refused: it %s", name, reason)
	}
	if !HeaderValue(value) {
		return fmt.Errorf("the value of header %s holds a control character", name)
	}
	return nil
}

// HeaderValue reports whether v can be the value of a header: it holds no
// control character but the tab.
func HeaderValue(v string) bool {
	for i := range len(v) {
		if c := v[i]; c < ' ' && c != '\t' || c == 0x7f {
			return false
		}
	}
	return true
}

// isToken reports whether s is a token of RFC 9110, as header names are.
func isToken(s string) bool {
	for i := range len(s) {
		c := s[i]
		alphanumeric := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9'
		if !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", rune(c)) {
			return false
		}
	}
	return s != ""
}
