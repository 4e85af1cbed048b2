package transport

import (
	"bytes"
	"fmt"
	"io"
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
	if resp.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	buf := make([]byte, 0, initialSize(resp.ContentLength, limit))
	for stalls := 0; ; {
		if len(buf) == cap(buf) {
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		if n < 0 || n > cap(buf)-len(buf) {
			return buf, fmt.Errorf("the transport's body returned an impossible count of %d bytes", n)
		}
		buf = buf[:len(buf)+n]
		switch whole := resp.ContentLength; {
		case whole > 0 && int64(len(buf)) > whole:
			return buf[:whole], nil // what comes beyond the declared length does not count
		case int64(len(buf)) > limit:
			return buf[:limit], tooLarge(limit)
		case err == io.EOF && !resp.Uncompressed && int64(len(buf)) < whole:
			return buf, io.ErrUnexpectedEOF
		case err == io.EOF:
			return buf, nil
		case err != nil:
			return buf, err
		}
		if stalls++; n > 0 {
			stalls = 0
		} else if stalls == 100 {
			return buf, io.ErrNoProgress
		}
	}
}

// initialSize leaves room for a byte more than is expected: the end of a body is
// seen by reading on, and only once it was seen may its connection be used again.
func initialSize(contentLength, limit int64) int64 {
	if contentLength > 0 {
		return min(contentLength, trustedLength) + 1
	}
	return min(bytes.MinRead, limit+1)
}

// readErrorBody reads what is worth keeping of the body of a refusal. Its
// status says all that matters, so a body that breaks off is no further fault.
func readErrorBody(resp *http.Response) []byte {
	if resp.Body == nil {
		return nil
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(io.LimitReader(resp.Body, errorBodyLimit))
	return body
}

func tooLarge(limit int64) error {
	return fmt.Errorf("%w: over %d bytes, see WithMaxResponseBytes", agentcopy.ErrTooLarge, limit)
}
