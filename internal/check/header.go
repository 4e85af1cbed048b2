// Package check holds the checks of user input that the root package and the
// transport share.
package check

import (
	"fmt"
	"net/http"
	"strings"
)

// refusedHeaders are those that agentcopy.WithHeader does not set, beside the
// wireHeaders, by their canonical name, with the reason.
var refusedHeaders = map[string]string{
	"Authorization":       authenticates,
	"Proxy-Authorization": authenticates,
	"X-Api-Key":           authenticates, // X-API-KEY of Zudu, X-Api-Key of LangSmith
	"X-Api-Secret":        authenticates,

	"Accept-Encoding":  describes,
	"Content-Encoding": describes,
	"Content-Type":     describes,

	"Idempotency-Key":   resent,
	"X-Idempotency-Key": resent,
}

const (
	authenticates = "it authenticates, which is the client's own concern"
	describes     = "it describes the body, which is the transport's own concern"
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
	return !strings.ContainsFunc(v, func(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f })
}

// isToken reports whether s is a token of RFC 9110, as header names are.
func isToken(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(r rune) bool {
		alphanumeric := 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' || '0' <= r && r <= '9'
		return !alphanumeric && !strings.ContainsRune("!#$%&'*+-.^_`|~", r)
	})
}

// wireHeaders are those that no request may have when it goes to the wire, by their
// canonical names, with what they do.
var wireHeaders = map[string]string{
	"Connection":        framing,
	"Content-Length":    framing,
	"Expect":            framing,
	"Host":              routing,
	"Http2-Settings":    framing,
	"Keep-Alive":        framing,
	"Proxy-Connection":  framing,
	"Te":                framing,
	"Trailer":           framing,
	"Transfer-Encoding": framing,
	"Upgrade":           framing,

	"Forwarded":              routing,
	"X-Forwarded-Host":       routing,
	"X-Http-Method":          routing,
	"X-Http-Method-Override": routing,
	"X-Method-Override":      routing,
	"X-Original-Url":         routing,
	"X-Rewrite-Url":          routing,
}

const (
	framing = "frames the message: that is net/http's own concern"
	routing = "turns it into another request"
)

// WireHeader says why a request must not have a header of this name when it goes to
// the wire, in whatever spelling; "" if it may.
func WireHeader(name string) string {
	if !isToken(name) {
		return "is not a header name"
	}
	// Some servers take an underscore for a hyphen.
	if strings.Contains(name, "_") {
		name = strings.ReplaceAll(name, "_", "-")
	}
	return wireHeaders[http.CanonicalHeaderKey(name)]
}
