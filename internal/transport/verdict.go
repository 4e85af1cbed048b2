package transport

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// verdict is what became of one attempt: whether it made a copy, and whether
// the call may repeat it without further thought.
type verdict struct {
	outcome   agentcopy.Outcome
	transient bool // a repeat may succeed, and does no harm
}

// The verdicts there are.
var (
	refused   = verdict{outcome: agentcopy.OutcomeNotCopied}
	harmless  = verdict{outcome: agentcopy.OutcomeNotCopied, transient: true}
	uncertain = verdict{outcome: agentcopy.OutcomeUnknown}
	copied    = verdict{outcome: agentcopy.OutcomeCopied}
)

// repeats reports whether the policy's mode repeats an attempt with verdict v.
func (v verdict) repeats(mode agentcopy.RetryMode) bool {
	switch mode {
	case agentcopy.RetryNever:
		return false
	case agentcopy.RetryAlways:
		return v.transient || v.outcome == agentcopy.OutcomeUnknown
	}
	return v.transient
}

// judgeStatus decides by the status of an answer that is no success.
func judgeStatus(copies bool, status int, hasRetryAfter bool) verdict {
	if !copies {
		if status == http.StatusRequestTimeout || status == http.StatusTooManyRequests ||
			status >= 500 && status <= 599 && status != http.StatusNotImplemented {
			return harmless
		}
		return refused
	}
	switch {
	case status == http.StatusTooManyRequests,
		status == http.StatusServiceUnavailable && hasRetryAfter:
		return harmless
	case status == http.StatusRequestTimeout:
		return uncertain // the server may have given up on the answer, not on the copy
	case status >= 300 && status <= 499:
		return refused
	}
	return uncertain
}

// judgeFailure decides where there was no answer at all.
func judgeFailure(copies bool, err error, proof proof) verdict {
	switch {
	case isBlocked(err) && proof == neverSent:
		return refused
	case isCertificateError(err):
		if proof == neverSent || !copies {
			return refused
		}
		return uncertain
	case !copies, proof == neverSent:
		return harmless
	}
	return uncertain
}

// isCertificateError reports whether the server's certificate was not accepted:
// it will not be at the next attempt either.
func isCertificateError(err error) bool {
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return true
	}
	if _, ok := errors.AsType[x509.HostnameError](err); ok {
		return true
	}
	_, ok := errors.AsType[x509.CertificateInvalidError](err)
	return ok
}
