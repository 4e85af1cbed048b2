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
			if int64(len(buf)) == resp.ContentLength {
				return buf, atEnd(resp.Body)
			}
			buf = append(buf, 0)[:len(buf)]
		}
		n, err := resp.Body.Read(buf[len(buf):cap(buf)])
		if n < 0 || n > cap(buf)-len(buf) {
			return buf, fmt.Errorf("the transport's body returned an impossible count of %d bytes", n)
		}
		buf = buf[:len(buf)+n]
		switch {
		case int64(len(buf)) > limit:
			return buf[:limit], tooLarge(limit)
		case err == io.EOF && !resp.Uncompressed && int64(len(buf)) < resp.ContentLength:
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

func initialSize(contentLength, limit int64) int64 {
	if contentLength > 0 {
		return min(contentLength, trustedLength)
	}
	return min(bytes.MinRead, limit+1)
}

// atEnd reads the end of a body of which all declared bytes were read: only
// then may the connection be used again. What comes beyond them does not count.
func atEnd(body io.Reader) error {
	var beyond [1]byte
	if _, err := body.Read(beyond[:]); err != nil && err != io.EOF {
		return err
	}
	return nil
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
