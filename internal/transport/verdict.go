package transport

import (
	"bytes"
	"cmp"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// The table this SDK exists for stands in the package doc of agentcopy. These
// functions are that table, one for each group of its rows.

// verdict is what became of one attempt: whether it made a copy, and whether
// the call may retry it.
type verdict struct {
	outcome agentcopy.Outcome
	retry   bool // a retry may succeed, and does no harm
}

// The verdicts there are.
var (
	notCopied   = verdict{outcome: agentcopy.OutcomeNotCopied}
	safeToRetry = verdict{outcome: agentcopy.OutcomeNotCopied, retry: true}
	unknown     = verdict{outcome: agentcopy.OutcomeUnknown}
	copied      = verdict{outcome: agentcopy.OutcomeCopied}
)

// retries reports whether the policy's mode retries an attempt with verdict v.
func (v verdict) retries(mode agentcopy.RetryMode) bool {
	switch mode {
	case agentcopy.RetryNever:
		return false
	case agentcopy.RetryAlways:
		return v.retry || v.outcome == agentcopy.OutcomeUnknown
	}
	return v.retry
}

// Statuses that net/http has no name for. Load balancers and nginx write them
// down where a client gave up before it had its answer; some proxies send them.
const (
	statusClientClosed460 = 460
	statusClientClosed499 = 499
)

// refusals are the statuses of 4xx that say by themselves that no copy was made:
// the request was not understood, not allowed in, or not let through. For others
// the body decides, since a proxy may refuse the answer rather than the request.
var refusals = []int{
	http.StatusBadRequest,
	http.StatusUnauthorized,
	http.StatusNotFound,
	http.StatusMethodNotAllowed,
	http.StatusProxyAuthRequired,
	http.StatusLengthRequired,
	http.StatusRequestEntityTooLarge,
	http.StatusRequestURITooLong,
	http.StatusUnsupportedMediaType,
	http.StatusMisdirectedRequest,
	http.StatusUpgradeRequired,
	http.StatusRequestHeaderFieldsTooLarge,
}

func isSuccess(status int) bool { return status >= 200 && status <= 299 }

// judgeStatus decides on an answer whose status is not that of success. body is
// what was read of its body, and whole says whether that is all of it.
func judgeStatus(copies bool, status int, body []byte, whole bool) verdict {
	switch {
	case !copies && isTransient(status):
		return safeToRetry
	case !copies:
		return notCopied
	case status == http.StatusTooManyRequests:
		return safeToRetry
	case status == http.StatusMovedPermanently,
		status == http.StatusTemporaryRedirect,
		status == http.StatusPermanentRedirect,
		slices.Contains(refusals, status),
		bodyDecides(status) && isJSONOrEmpty(body, whole):
		return notCopied
	}
	// A proxy says 503 with Retry-After of itself, whatever became of the request.
	return unknown
}

// isTransient reports whether a read may succeed if it is retried.
func isTransient(status int) bool {
	return status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
		status >= 500 && status <= 599 && status != http.StatusNotImplemented
}

// bodyDecides reports whether the status of a refused copy tells nothing without
// the body.
func bodyDecides(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooManyRequests, statusClientClosed460, statusClientClosed499:
		return false
	}
	return status >= 400 && status <= 499 && !slices.Contains(refusals, status)
}

// isJSONOrEmpty reports whether a body is the vendor's, as far as can be seen.
// The pages of proxies are neither JSON nor empty.
func isJSONOrEmpty(body []byte, whole bool) bool {
	body = trimmed(body)
	if len(body) == 0 {
		return whole
	}
	return body[0] == '{' || body[0] == '[' || json.Valid(body)
}

// judgeUnusable decides on a copy that was answered with success, but whose
// answer cannot be used. cut says that body is only the beginning. An answer in
// an encoding that cannot be read never comes here.
func judgeUnusable(status int, body []byte, cut bool) verdict {
	if status != http.StatusOK && status != http.StatusCreated && status != http.StatusNoContent {
		return unknown
	}
	body = trimmed(body)
	switch {
	case len(body) == 0:
		return copied
	case body[0] != '{' || reportsError(body):
		return unknown
	case cut || json.Valid(body):
		return copied
	}
	return unknown
}

// reportsError reports whether a JSON object, or the beginning of one, says that
// the call failed, although its status says success.
func reportsError(object []byte) bool {
	doc := json.NewDecoder(bytes.NewReader(object))
	if start, err := doc.Token(); err != nil || start != json.Delim('{') {
		return false
	}
	for doc.More() {
		name, err := doc.Token()
		var value json.RawMessage // as it came: decoded, it may take many times the memory
		if err != nil || doc.Decode(&value) != nil {
			return false
		}
		switch text := string(value[:min(len(value), len(`"success"`)+1)]); name {
		case "error", "detail":
			if text != "null" && text != "false" && text != `""` {
				return true
			}
		case "success":
			if text != "null" && text != "true" {
				return true
			}
		case "status":
			if text != "null" && !strings.EqualFold(text, `"success"`) {
				return true
			}
		}
	}
	return false
}

// judgeFailure decides where there was no answer at all.
func judgeFailure(copies bool, err error, proof proof) verdict {
	switch {
	case is[*blockedError](err) && proof == neverSent:
		return notCopied
	case isCertificateError(err), isProxyRefusal(err):
		if proof == neverSent || !copies {
			return notCopied
		}
		return unknown
	case !copies, proof == neverSent:
		return safeToRetry
	}
	return unknown
}

// isCertificateError reports whether the server's certificate was not accepted:
// it will not be at the next attempt either.
func isCertificateError(err error) bool {
	return is[*tls.CertificateVerificationError](err) || is[x509.UnknownAuthorityError](err) ||
		is[x509.HostnameError](err) || is[x509.CertificateInvalidError](err) || is[x509.SystemRootsError](err)
}

func is[E error](err error) bool {
	_, ok := errors.AsType[E](err)
	return ok
}

// proxyError is a proxy that did not open a tunnel to the vendor. net/http
// reports nothing but the text of the proxy's status.
type proxyError struct{ status string }

func (e *proxyError) Error() string {
	return "the proxy refused the connection to the vendor (CONNECT): " + e.status
}

// asProxyError returns what a failure is if it is the answer of a proxy to CONNECT,
// and else err. Such an error is a bare text, of the proxy's own choice, and comes
// before there is a connection. Those of net/http and crypto/tls name their package.
func asProxyError(err error) error {
	if reflect.TypeOf(err) != reflect.TypeOf(io.EOF) || err == io.EOF || err == io.ErrUnexpectedEOF || isTimeout(err) || ofPackage.MatchString(err.Error()) {
		return err
	}
	return &proxyError{cmp.Or(err.Error(), "it gave no reason")}
}

// ofPackage matches the beginning of the errors of a package.
var ofPackage = regexp.MustCompile(`^[a-z][a-z0-9/]*: `)

// isProxyRefusal reports whether a proxy will refuse the next attempt too: its
// status does not say that the way to the vendor is at fault.
func isProxyRefusal(err error) bool {
	e, ok := errors.AsType[*proxyError](err)
	if !ok {
		return false
	}
	for _, status := range []int{http.StatusRequestTimeout, http.StatusTooManyRequests,
		http.StatusInternalServerError, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout} {
		if strings.EqualFold(e.status, http.StatusText(status)) {
			return false
		}
	}
	return true
}
