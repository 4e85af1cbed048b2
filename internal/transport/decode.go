package transport

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/laxjson"
)

// What can be wrong with the body of an answer whose status says success.
var (
	// ErrNoID is for verify: the answer is JSON, but lacks the agent's ID.
	ErrNoID = errors.New("the answer lacks the agent's ID")
	// ErrNoList is for verify: the answer is JSON, but lacks the list. It must not
	// pass for an empty one: a Copier would conclude that there is no copy.
	ErrNoList = errors.New("the answer lacks the list of agents")
	// ErrRefused is for verify: the answer says itself that the call failed.
	ErrRefused = errors.New("the answer has a success status, but reports an error")

	errCached = errors.New("the answer may be that to an earlier request")

	errSentTwice = errors.New("the transport sent the copy a second time and could not be stopped: there may be another one")

	errEmpty    = errors.New("the answer is empty")
	errBroken   = errors.New("the answer is truncated or malformed JSON")
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

// judgeSuccess reads the body of an answer whose status says success, and
// decides as far as the retry loop needs. Decoding is left to Do.
func (a *attempt) judgeSuccess(resp *http.Response) {
	c := a.call
	encoding := resp.Header.Get("Content-Encoding")
	body, err := readBody(resp, c.client.cfg.MaxResponseBytes)
	a.body = body
	switch text := trimmed(body); {
	case encoding != "" && !strings.EqualFold(encoding, "identity"):
		a.unreadable(fmt.Errorf("the answer has the Content-Encoding %q, which cannot be read", c.client.readable(encoding)))
	case err != nil && !c.op.copies() && c.ctx.Err() == nil && !errors.Is(err, agentcopy.ErrTooLarge):
		a.verdict, a.err = safeToRetry, fmt.Errorf("the answer was cut off: %w", a.cause(err))
	case err != nil && resp.Uncompressed && (len(body) == 0 || isCorrupt(err)):
		a.unreadable(fmt.Errorf("the answer's Content-Encoding cannot be read: %w", a.cause(err)))
	case err != nil:
		a.unusable(a.cause(err), true)
	case !c.op.copies() || len(text) > 0 && text[0] == '{':
		a.complete = true
	case len(text) == 0:
		a.unusable(errEmpty, false)
	case json.Valid(text):
		a.unusable(errNoObject, false)
	default:
		a.unusable(c.client.notJSON(text), false)
	}
}

// isCorrupt reports whether what was unpacked was not packed as it says.
func isCorrupt(err error) bool {
	return errors.Is(err, gzip.ErrHeader) || errors.Is(err, gzip.ErrChecksum) ||
		is[flate.CorruptInputError](err) && !errors.Is(err, io.ErrUnexpectedEOF)
}

// unreadable is for an answer that tells nothing but its status.
func (a *attempt) unreadable(err error) {
	a.verdict, a.err = unknown, err
	if !a.call.op.copies() {
		a.verdict = notCopied
	}
}

// unusable is for an answer of success that err spoils.
func (a *attempt) unusable(err error, cut bool) {
	a.err = err
	if !a.call.op.copies() {
		a.verdict = notCopied
		return
	}
	a.verdict = judgeUnusable(a.status, a.body, cut)
	switch sign := CacheSign(a.header); {
	case sign != "":
		a.verdict, a.err = unknown, fmt.Errorf("%w: %s", errCached, sign)
	case errors.Is(err, ErrRefused):
		a.verdict = unknown
	case a.verdict == copied:
		a.err = fmt.Errorf("the vendor made the copy, but its answer cannot be used: %w", err)
	case reportsError(trimmed(a.body)):
		a.err = ErrRefused
	}
}

// decoded judges a complete answer by what came of decoding it.
func (a *attempt) decoded(warning, err error) {
	mask := a.call.client.mask
	if err == nil && a.call.op.copies() && CacheSign(a.header) != "" {
		err = errCached
	}
	if err != nil {
		a.unusable(err, false)
		a.err = maskError(mask, a.err)
		return
	}
	a.succeeded, a.verdict = true, notCopied
	if a.call.op.copies() {
		a.verdict = copied
		if a.ctx.cause() == errResent {
			warning = errors.Join(warning, errSentTwice)
		}
	}
	a.warning = maskError(mask, warning)
}

// unmarshal decodes the answer data into v, a pointer to a zero value, as far as it
// can be read. What is odd about it, if it can be read, is the warning.
func (c *Client) unmarshal(ctx context.Context, data []byte, v any) (warning, err error) {
	odd, err := laxjson.Unmarshal(ctx, data, v)
	switch {
	case odd != nil:
		return odd, nil
	case errors.Is(err, laxjson.ErrEmpty):
		return nil, errEmpty
	case errors.Is(err, laxjson.ErrNotJSON):
		return nil, c.notJSON(data)
	case errors.Is(err, laxjson.ErrBroken):
		return nil, fmt.Errorf("%w: %w", errBroken, err)
	}
	return nil, err // the context's, or nil
}

// judgeRead is the verdict of verify on an answer that was read with a warning. What
// is missing from a malformed answer may have been there.
func judgeRead(warning, verdict error) error {
	odd, ok := errors.AsType[*laxjson.Warning](warning)
	if ok && odd.Malformed && (errors.Is(verdict, ErrNoID) || errors.Is(verdict, ErrNoList)) {
		return fmt.Errorf("%w: %w", errBroken, odd)
	}
	return verdict
}
