package agentcopy

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"
)

// Config holds a client's settings. Options edit it, and most programs never name it.
// An option of your own is a func(*Config) error that sets some of the fields; the
// constructor checks the result.
//
// Printing a Config shows no header value, since WithHeader may carry a secret.
type Config struct {
	// Provider is the vendor of the client: "zudu", "cotool", "langsmith" or
	// "kolena". It is set before the options run, so that an option that belongs to
	// one vendor can refuse the client of another. Setting it changes nothing.
	Provider string
	// BaseURL is where requests go; see WithBaseURL. Default: the vendor's.
	BaseURL string
	// HTTPClient sends the requests; see WithHTTPClient. Default: a client whose
	// connections all clients of the process share.
	HTTPClient *http.Client
	// Middleware wraps the transport, the first one outermost; see WithMiddleware.
	Middleware []func(http.RoundTripper) http.RoundTripper
	// Limiter paces the attempts to copy; see WithLimiter. Default, when nil: the
	// vendor's, shared by all clients with the same credential.
	Limiter Limiter
	// ReadLimiter paces the attempts to read; see WithReadLimiter. Default, when
	// nil: the vendor's, shared like that for copies.
	ReadLimiter Limiter
	// Retry says what is retried; see WithRetry. Default: the zero RetryPolicy.
	Retry RetryPolicy
	// AttemptTimeout bounds one attempt; see WithAttemptTimeout. Default: 60s.
	AttemptTimeout time.Duration
	// MaxResponseBytes bounds an answer; see WithMaxResponseBytes. Default: 32 MiB.
	MaxResponseBytes int64
	// Logger gets the SDK's log lines; see WithLogger. Default, when nil: silent.
	Logger *slog.Logger
	// Traces are called at each step of a call, in order; see WithTrace. Default:
	// none.
	Traces []Trace
	// UserAgent goes before the SDK's own; see WithUserAgent. Default: "".
	UserAgent string
	// Header is sent on every request; see WithHeader. Default: none.
	Header http.Header
	// InsecureHTTP allows http:// beyond loopback; see WithInsecureHTTP.
	InsecureHTTP bool
}

// printable is what may be shown of a Config.
type printable struct {
	Provider         string   `json:"provider"`
	BaseURL          string   `json:"base_url"`
	Retry            string   `json:"retry"`
	MaxAttempts      int      `json:"max_attempts"`
	AttemptTimeout   string   `json:"attempt_timeout"`
	MaxResponseBytes int64    `json:"max_response_bytes"`
	Limiter          string   `json:"limiter"`
	ReadLimiter      string   `json:"read_limiter"`
	Middleware       int      `json:"middleware"`
	Traces           int      `json:"traces"`
	Header           []string `json:"header_names"`
	UserAgent        string   `json:"user_agent"`
}

func (c Config) printable() printable {
	return printable{
		Provider:         c.Provider,
		BaseURL:          withoutUserInfo(c.BaseURL),
		Retry:            c.Retry.Mode.String(),
		MaxAttempts:      c.Retry.MaxAttempts,
		AttemptTimeout:   c.AttemptTimeout.String(),
		MaxResponseBytes: c.MaxResponseBytes,
		Limiter:          nameOf(c.Limiter),
		ReadLimiter:      nameOf(c.ReadLimiter),
		Middleware:       len(c.Middleware),
		Traces:           len(c.Traces),
		Header:           slices.Sorted(maps.Keys(c.Header)),
		UserAgent:        c.UserAgent,
	}
}

func nameOf(l Limiter) string {
	if l == nil {
		return "default"
	}
	return fmt.Sprintf("%T", l)
}

// withoutUserInfo drops what may be secret from a URL: a Config that no constructor
// has checked yet may hold user info or a query.
func withoutUserInfo(raw string) string {
	u, err := url.Parse(raw)
	if err != nil {
		return "(not a URL)"
	}
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// Format prints the settings under every verb. Of headers it prints only the names.
func (c Config) Format(f fmt.State, verb rune) {
	formatText(f, verb, fmt.Sprintf("%+v", c.printable()))
}

// LogValue is what slog writes: the same as Format.
func (c Config) LogValue() slog.Value { return slog.AnyValue(c.printable()) }

// MarshalJSON writes the same as Format.
func (c Config) MarshalJSON() ([]byte, error) { return json.Marshal(c.printable()) }
