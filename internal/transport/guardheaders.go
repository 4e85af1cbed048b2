package transport

import (
	"net/http"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// checkHeaders refuses a request whose headers frame it or route it elsewhere:
// net/http sets those that belong there by itself, and one that middleware added, in
// whatever spelling, makes a server and the proxies before it read another request
// than the one that was checked.
func checkHeaders(h http.Header) error {
	for name := range h {
		if reason := check.WireHeader(name); reason != "" {
			return &blockedError{"a request with the header " + check.Printable(name) + ", which " + reason}
		}
	}
	return nil
}
