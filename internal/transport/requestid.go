package transport

import "net/http"

// requestIDHeaders are what vendors and the proxies before them call the ID of
// a request, the vendor's own first. The last ones name a trace or a connection
// rather than a request, which still finds it in a log.
var requestIDHeaders = []string{
	"X-Request-Id",
	"Request-Id",
	"X-Correlation-Id",
	"X-Amzn-Requestid",
	"X-Amz-Cf-Id",
	"Cf-Ray",
	"X-Cloud-Trace-Context",
	"X-Amzn-Trace-Id",
	"X-Trace-Id",
}

// requestID is the ID by which the vendor's support can find the request, with
// any secret in it masked.
func (c *Client) requestID(h http.Header) string {
	const limit = 200 // longer than any, and short enough to print
	for _, name := range requestIDHeaders {
		if id := c.mask(h.Get(name)); id != "" {
			return id[:min(len(id), limit)]
		}
	}
	return ""
}
