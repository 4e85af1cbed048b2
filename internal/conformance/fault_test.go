package conformance

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"
)

// fault is what requests meet on their way, at the server or on the way back.
// The carriers put it into effect, each in its own way: see memory_test.go,
// http1_test.go and http2_test.go.
type fault struct {
	at     stage
	breaks breakage
	answer answer // from the stage atHeader on
	// made says that a server that got the whole request makes a copy, whatever it
	// then answers.
	made bool
	// times is how many requests meet the fault, before all goes well; 0 for all.
	times int

	dial      error // at the dial: what it fails with, in place of a refusal
	untrusted bool  // at the handshake: the server's certificate is a stranger's

	// Only of HTTP/2.

	code uint32 // of RST_STREAM or GOAWAY
	past bool   // the GOAWAY's last stream is one before the request's
}

// sent is as much of the body of an answer as leaves the server.
func (f fault) sent(body []byte) []byte {
	switch f.at {
	case atBodyStart:
		return nil
	case atBody:
		return body[:len(body)/2]
	}
	return body
}

// stage is how far things go before they break.
type stage int

const (
	atEnd           stage = iota // nothing breaks
	atDial                       // no connection is made
	atHandshake                  // none that can be used
	atAccept                     // the server does not read
	atGreeting                   // HTTP/2: after the server's settings
	atRequestHeader              // within the headers of the request
	atRequestBody                // within its body
	atReceipt                    // the whole request was read
	atHeader                     // within the headers of the answer
	atBodyStart                  // before the body of the answer
	atBody                       // within it
)

// breakage is how a connection breaks.
type breakage int

const (
	closed       breakage = iota // the other side sees its end
	reset                        // it sees a reset
	stalled                      // it sees nothing more
	rst                          // HTTP/2: RST_STREAM
	goAway                       // HTTP/2: GOAWAY; the connection stays open
	goAwayClosed                 // HTTP/2: GOAWAY, then the end
)

// answer is what a server sends.
type answer struct {
	status int // 0: 200
	header http.Header
	body   body
	length length
	gzip   bool
	early  []int         // informational answers before it
	pace   time.Duration // between any two bytes of the body
	unread bool          // it is sent before the request's body was read, and ends the connection
}

// length is what an answer says of the length of its body.
type length int

const (
	right   length = iota
	none           // HTTP/1: chunked; HTTP/2: no Content-Length
	tooLong        // 10 more than there are
	toClose        // HTTP/1.0: the body ends with the connection
)

// body is a body of an answer to an operation that is documented to answer with docs. Nil is the good one.
type body func(docs answers) string

// absent is the body where the operation has no such answer.
const absent = "\x00absent"

// maxBody is the bound of answers in all rows.
const maxBody = 64 << 10

func literal(text string) body { return func(answers) string { return text } }

func mistyped(docs answers) string { return docs.Mistyped }
func noID(docs answers) string     { return docs.NoID }
func otherID(docs answers) string  { return cmp.Or(docs.OtherID, absent) }
func refusal(docs answers) string  { return cmp.Or(docs.Refusal, absent) }
func goodHalf(docs answers) string { return docs.Good[:len(docs.Good)/2] }
func twice(docs answers) string    { return docs.Good + docs.Good }
func bom(docs answers) string      { return "\ufeff" + docs.Good }

// noUTF8 has names with bytes that are not UTF-8.
func noUTF8(docs answers) string { return strings.Replace(docs.Good, "A copy", "A \xff\xfe copy", 1) }

// deep has a field that is nested deeper than encoding/json goes.
func deep(docs answers) string {
	nested := `"name":` + strings.Repeat("[", 12_000) + strings.Repeat("]", 12_000) + `,"`
	return strings.Replace(docs.Good, `{"`, `{`+nested, 1)
}

// large is over the bound.
func large(docs answers) string {
	return strings.Replace(docs.Good, `{"`, `{"filler":"`+strings.Repeat("x", 2*maxBody)+`","`, 1)
}

// textFor returns the body for an operation.
func (b body) textFor(docs answers) string {
	if b == nil {
		return docs.Good
	}
	return b(docs)
}

// render returns the answer and its body apart. What the answer declares of the
// length is in ContentLength; -1 for nothing.
func (a answer) render(docs answers) (*http.Response, []byte) {
	resp := &http.Response{
		StatusCode: cmp.Or(a.status, http.StatusOK), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: -1,
	}
	maps.Copy(resp.Header, a.header)
	if resp.StatusCode == http.StatusNoContent || resp.StatusCode == http.StatusNotModified {
		return resp, nil
	}
	body := []byte(a.body.textFor(docs))
	if a.gzip {
		var packed bytes.Buffer
		w := gzip.NewWriter(&packed)
		_, _ = w.Write(body) // a bytes.Buffer does not fail
		_ = w.Close()
		body = packed.Bytes()
		resp.Header.Set("Content-Encoding", "gzip")
	}
	switch a.length {
	case right:
		resp.ContentLength = int64(len(body))
	case tooLong:
		resp.ContentLength = int64(len(body)) + 10
	case toClose:
		resp.ProtoMinor = 0
	}
	return resp, body
}

// send writes a body in pieces, byte by byte if it has a pace, and reports whether all
// of it went out.
func (a answer) send(body []byte, write func(piece []byte) error) bool {
	size := 16 << 10
	if a.pace > 0 {
		size = 1
	}
	for piece := range slices.Chunk(body, size) {
		if write(piece) != nil {
			return false
		}
		time.Sleep(a.pace)
	}
	return true
}
