package transport

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// What can be wrong with the body of an answer whose status says success.
var (
	// ErrNoID is for verify: the answer is JSON, but lacks the agent's ID.
	ErrNoID = errors.New("the answer lacks the agent's ID")
	// ErrNoList is for verify: the answer is JSON, but lacks the list. It must not
	// pass for an empty one: a Copier that looks for a copy would conclude that there
	// is none.
	ErrNoList = errors.New("the answer lacks the list of agents")
	// ErrRefused is for verify: the answer says itself that the call failed.
	ErrRefused = errors.New("the answer's status is that of success, but it reports an error")

	errSentTwice = errors.New("the transport sent the copy a second time and could not be stopped: there may be another one")

	errEmpty    = errors.New("the answer is empty")
	errBroken   = errors.New("the answer is JSON that breaks off or is malformed")
	errNotJSON  = errors.New("the answer is not JSON")
	errNoObject = errors.New("the answer is JSON, but not an object")
)

// trimmed is data without a byte order mark and the white space around it.
func trimmed(data []byte) []byte {
	return bytes.TrimSpace(bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")))
}

// notJSON says what an answer is instead.
func (c *Client) notJSON(data []byte) error {
	if page := titleOf(data); page != "" {
		return fmt.Errorf("%w but a page titled %q: %s", errNotJSON, c.readable(page), checkBaseURL)
	}
	return fmt.Errorf("%w: %s", errNotJSON, checkBaseURL)
}

// checkBaseURL is the advice where somebody else than the vendor seems to answer.
const checkBaseURL = "check the base URL"

// receiveSuccess reads the body of an answer whose status says success, and
// decides as far as the retry loop needs. Decoding is left to Do.
func (a *attempt) receiveSuccess(c *call, resp *http.Response) {
	encoding := resp.Header.Get("Content-Encoding")
	body, err := readBody(resp, c.client.cfg.MaxResponseBytes)
	a.body = body
	switch text := trimmed(body); {
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		a.unreadable(c, fmt.Errorf("the answer has the Content-Encoding %q, which cannot be read", c.client.readable(encoding)))
	case err != nil && !c.op.copies() && c.Err() == nil && !errors.Is(err, agentcopy.ErrTooLarge):
		a.verdict, a.err = safeToRetry, fmt.Errorf("the answer was cut off: %w", c.cause(a, err))
	case err != nil && resp.Uncompressed && (len(body) == 0 || isCorrupt(err)):
		a.unreadable(c, fmt.Errorf("the answer's Content-Encoding cannot be read: %w", c.cause(a, err)))
	case err != nil:
		a.unusable(c, c.cause(a, err), true)
	case !c.op.copies() || len(text) > 0 && text[0] == '{':
		a.complete = true
	case len(text) == 0:
		a.unusable(c, errEmpty, false)
	case json.Valid(text):
		a.unusable(c, errNoObject, false)
	default:
		a.unusable(c, c.client.notJSON(text), false)
	}
}

// isCorrupt reports whether what was unpacked was not packed as it says.
func isCorrupt(err error) bool {
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) ||
		is[flate.CorruptInputError](err) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// unreadable is for an answer that tells nothing but its status.
func (r *result) unreadable(c *call, err error) {
	r.verdict, r.err = unknown, err
	if !c.op.copies() {
		r.verdict = noRetry
	}
}

// unusable is for an answer of success that err spoils.
func (r *result) unusable(c *call, err error, cut bool) {
	r.err = err
	if !c.op.copies() {
		r.verdict = noRetry
		return
	}
	r.verdict = judgeUnusable(r.status, r.body, cut)
	switch {
	case errors.Is(err, ErrRefused):
		r.verdict = unknown
	case r.verdict == copied:
		r.err = fmt.Errorf("the vendor made the copy, but its answer cannot be used: %w", err)
	case reportsError(trimmed(r.body)):
		r.err = ErrRefused
	}
}

// decoded notes what came of decoding the last answer.
func (c *call) decoded(warning, err error) {
	if err == nil {
		c.last.succeeded, c.last.verdict = true, noRetry
		if c.op.copies() {
			c.last.verdict = copied
		}
		if c.op.copies() && c.current.sends.resent() {
			warning = errors.Join(warning, errSentTwice)
		}
		c.last.warning = maskError(c.client.mask, warning)
	} else {
		c.last.unusable(c, err, false)
		c.last.err = maskError(c.client.mask, c.last.err)
		c.attempts[len(c.attempts)-1].Err = c.last.err
	}
	c.finishAttempt()
}
