package transport

import (
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// retryAfter reads how long a server asks to wait: Retry-After-Ms, or
// Retry-After in seconds, with a fraction if it likes, or as an HTTP date of any
// of the three forms. A date is compared with the answer's own Date header if
// it has one, since the two clocks may differ. A number too large for a
// Duration counts as the longest there is, a date in the past as zero; negative
// numbers and garbage as not there.
func retryAfter(h http.Header, now time.Time) (wait time.Duration, ok bool) {
	if ms := strings.TrimSpace(h.Get("Retry-After-Ms")); ms != "" {
		if wait, ok = duration(ms, time.Millisecond); ok {
			return wait, true
		}
	}
	text := strings.TrimSpace(h.Get("Retry-After"))
	if text == "" {
		return 0, false
	}
	if wait, ok = duration(text, time.Second); ok {
		return wait, true
	}
	at, err := http.ParseTime(text)
	if err != nil {
		return 0, false
	}
	if sent, err := http.ParseTime(h.Get("Date")); err == nil {
		now = sent
	}
	return max(0, at.Sub(now)), true
}

// duration reads a decimal number of units. Exponents, signs, hexadecimals and
// the words that ParseFloat knows are no such number.
func duration(text string, unit time.Duration) (time.Duration, bool) {
	if strings.Trim(text, "0123456789.") != "" {
		return 0, false
	}
	n, err := strconv.ParseFloat(text, 64)
	if err != nil && !math.IsInf(n, 1) { // an error with +Inf is one of range
		return 0, false
	}
	if n *= float64(unit); n >= math.MaxInt64 {
		return math.MaxInt64, true
	}
	return time.Duration(n), true
}
