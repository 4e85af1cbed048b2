package transport

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

const (
	// errorBodyLimit is how much is kept of the body of a refusal.
	errorBodyLimit = 64 << 10
	// trustedLength is the largest Content-Length that memory is set aside for
	// before a byte has come.
	trustedLength = 16 << 20
)

// readBody reads the whole body of resp, at most limit bytes, into one buffer.
// On an error it returns what came before it. It closes the body.
func readBody(resp *http.Response, limit int64) ([]byte, error) {
	if resp.Body == nil { // a RoundTripper other than net/http's may leave it out
		return nil, nil
	}
	defer resp.Body.Close()
	length := resp.ContentLength
	if length > limit {
		kept := min(limit, errorBodyLimit)
		body, _ := readUpTo(resp.Body, -1, kept) // how it begins matters, and how that ends does not
		return body[:min(int64(len(body)), kept)], tooLarge(limit)
	}
	body, err := readUpTo(resp.Body, length, limit)
	switch {
	case length > 0 && int64(len(body)) > length:
		return body[:length], nil // what comes beyond the declared length is ignored
	case int64(len(body)) > limit:
		return body[:limit], tooLarge(limit)
	case err == nil && !resp.Uncompressed && int64(len(body)) < length:
		return body, io.ErrUnexpectedEOF
	}
	return body, err
}

// readErrorBody reads what is worth keeping of the body of a refusal. Its
// status says most of what matters, so a body that breaks off is returned as far
// as it came, with the error.
func readErrorBody(resp *http.Response) ([]byte, error) {
	if resp.Body == nil {
		return nil, nil
	}
	defer resp.Body.Close()
	body, err := readStart(resp)
	return body[:min(len(body), errorBodyLimit)], err
}

// peek is readErrorBody for a body that middleware reads next: it puts back what it read.
func peek(resp *http.Response) ([]byte, error) {
	if resp.Body == nil {
		return nil, nil
	}
	body, err := readStart(resp)
	rest := io.Reader(resp.Body)
	if err != nil {
		rest = failingReader{err}
	}
	resp.Body = struct {
		io.Reader
		io.Closer
	}{io.MultiReader(bytes.NewReader(body), rest), resp.Body}
	return body, err
}

type failingReader struct{ err error }

func (f failingReader) Read([]byte) (int, error) { return 0, f.err }

// readStart reads what is kept of the body of a refusal, and a byte more if there is one.
func readStart(resp *http.Response) ([]byte, error) {
	body, err := readUpTo(resp.Body, resp.ContentLength, errorBodyLimit)
	if err == nil && !resp.Uncompressed && int64(len(body)) < min(resp.ContentLength, errorBodyLimit) {
		err = io.ErrUnexpectedEOF
	}
	return body, err
}

// readUpTo reads r to its end, or to one byte beyond length, if that is
// positive, and beyond limit: the end is seen by reading on, and only once it
// was seen may the connection be used again.
func readUpTo(r io.Reader, length, limit int64) ([]byte, error) {
	bound := min(limit, math.MaxInt64-1) + 1
	if length > 0 {
		bound = min(bound, length+1)
	}
	if length > 0 && bound <= trustedLength {
		buf := make([]byte, bound)
		n, err := fill(buf, r)
		return buf[:n], err
	}
	return io.ReadAll(io.LimitReader(&reader{from: r}, bound))
}

// fill reads into buf until it is full or r ends, which is no error.
func fill(buf []byte, r io.Reader) (n int, err error) {
	for from := (reader{from: r}); n < len(buf) && err == nil; {
		var more int
		more, err = from.Read(buf[n:])
		n += more
	}
	if err == io.EOF {
		err = nil
	}
	return n, err
}

// reader reads from a transport that may not be net/http's: one that breaks the
// rules of io.Reader is an error, not a panic or a loop without an end.
type reader struct {
	from   io.Reader
	stalls int
}

func (r *reader) Read(p []byte) (int, error) {
	n, err := r.from.Read(p)
	switch {
	case n < 0 || n > len(p):
		return 0, fmt.Errorf("the transport's body returned an impossible count of %d bytes", n)
	case n > 0 || err != nil:
		r.stalls = 0
	default:
		if r.stalls++; r.stalls == 100 {
			return 0, io.ErrNoProgress
		}
	}
	return n, err
}

func closeBody(resp *http.Response) {
	if resp != nil && resp.Body != nil {
		_ = resp.Body.Close() // the attempt has failed already
	}
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: over %d bytes, see WithMaxResponseBytes", agentcopy.ErrTooLarge, limit)
}
