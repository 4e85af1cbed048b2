package check

import (
	"net/textproto"
	"strconv"
	"strings"
)

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
	if strings.Contains(name, "_") { // which some servers take for a hyphen
		name = strings.ReplaceAll(name, "_", "-")
	}
	return wireHeaders[textproto.CanonicalMIMEHeaderKey(name)]
}

// Printable is text as it can stand in a message: quoted, and cut where it is long.
func Printable(text string) string {
	const limit = 60
	if len(text) > limit {
		return strconv.Quote(text[:limit]) + "..."
	}
	return strconv.Quote(text)
}
