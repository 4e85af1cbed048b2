package conformance

import (
	"fmt"
)

// http2Codes are the error codes of RFC 9113, and one of nobody's.
var http2Codes = []uint32{0x0, 0x1, 0x2, 0x3, 0x4, 0x5, 0x6, 0x7, 0x8, 0x9, 0xa, 0xb, 0xc, 0xd, 0xbad}

// http2Rows are what only HTTP/2 can do. net/http sends a request again by
// itself after some of it, a POST too: what left the client must stay unknown,
// whatever the server says of it. A server that says it did nothing with the
// request, by REFUSED_STREAM or a GOAWAY, may be a proxy that speaks only for
// itself, so each row comes with a copy and without.
//
// Reads meet the fault once, since net/http retries a GET for up to a minute.
func http2Rows() []row {
	var rows []row
	for _, code := range http2Codes {
		plain, ways := code > 1 && code != 7, carriers(0) // net/http treats 0, 1 and 7 in ways of their own
		if plain {
			ways = inClear
		}
		for _, made := range []bool{false, true} {
			name := func(text string) string {
				return fmt.Sprintf("%s, code %d, copy made %v", text, code, made)
			}
			rows = append(rows,
				row{name: name("RST_STREAM before the body"), fault: fault{at: atRequestBody, breaks: rst, code: code, made: made},
					want: wants{safe: {1, Unknown}, always: {3, Unknown}}, on: overHTTP2 | ways, safeOnly: plain},
				row{name: name("RST_STREAM for an answer"), fault: fault{at: atReceipt, breaks: rst, code: code, made: made},
					want: wants{safe: {1, Unknown}, always: {3, Unknown}}, on: overHTTP2 | ways, safeOnly: plain},
				row{name: name("GOAWAY short of the stream"), fault: fault{at: atReceipt, breaks: goAway, code: code, past: true, made: made},
					want: wants{safe: {1, Unknown}, always: {3, Unknown}}, on: overHTTP2 | ways, safeOnly: plain},
				row{name: name("GOAWAY short of the stream, and the end"), fault: fault{at: atReceipt, breaks: goAwayClosed, code: code, past: true, made: made},
					want: wants{safe: {1, Unknown}, always: {3, Unknown}}, on: overHTTP2 | ways, safeOnly: plain},
				row{name: name("GOAWAY with the stream, and the end"), fault: fault{at: atReceipt, breaks: goAwayClosed, code: code, made: made},
					want: wants{safe: {1, Unknown}, always: {3, Unknown}}, on: overHTTP2 | ways, safeOnly: plain},
			)
		}
		name := func(text string) string { return fmt.Sprintf("%s, code %d", text, code) }
		rows = append(rows,
			row{name: name("RST_STREAM before the answer's body"), fault: fault{at: atBodyStart, breaks: rst, code: code, made: true},
				want: wants{safe: {1, Copied}, always: {1, Copied}}, on: overHTTP2 | ways, safeOnly: true},
			row{name: name("RST_STREAM within the answer's body"), fault: fault{at: atBody, breaks: rst, code: code, made: true},
				want: wants{safe: {1, Copied}, always: {1, Copied}}, on: overHTTP2 | ways, safeOnly: true},
			row{name: name("GOAWAY, and a good answer"), fault: fault{breaks: goAway, code: code, made: true},
				want: wants{safe: {1, Succeeds}, always: {1, Succeeds}}, on: overHTTP2 | ways, safeOnly: true},
			row{name: name("GOAWAY within the answer's body, and the end"), fault: fault{at: atBody, breaks: goAwayClosed, code: code, made: true},
				want: wants{safe: {1, Copied}, always: {1, Copied}}, on: overHTTP2 | ways, safeOnly: true},

			row{name: name("RST_STREAM once"), fault: fault{at: atReceipt, breaks: rst, code: code, times: 1},
				want: wants{read: {1, Succeeds}}, loose: true, on: overHTTP2 | ways, safeOnly: plain},
			row{name: name("GOAWAY short of the stream, once"), fault: fault{at: atReceipt, breaks: goAwayClosed, code: code, past: true, times: 1},
				want: wants{read: {1, Succeeds}}, loose: true, on: overHTTP2 | ways, safeOnly: plain},
		)
	}
	return rows
}
