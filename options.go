package agentcopy

import (
	"cmp"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Option changes one setting of a client. The constructors of the vendor
// packages take options, and so does the With method of their clients. If an option
// cannot use its argument, the constructor or With returns an error.
type Option func(*Config) error

// WithBaseURL sends the requests to rawURL instead of the vendor's server: a gateway,
// another region, a test server. A path in it is kept, as a prefix of the vendor's.
// It must be https, or http for a loopback host (see [WithInsecureHTTP]), and have no
// user info, query or fragment. Default: the vendor's server.
func WithBaseURL(rawURL string) Option {
	return func(c *Config) error {
		if _, err := check.BaseURL(rawURL); err != nil {
			return fmt.Errorf("WithBaseURL: %w", err)
		}
		c.BaseURL = rawURL
		return nil
	}
}

// WithHTTPClient sends the requests through c, using its Transport, Jar and Timeout.
// Timeout bounds each attempt if it is shorter than [WithAttemptTimeout]. Redirects
// are never followed, whatever its CheckRedirect says. c is copied and never changed;
// nil is an error.
//
// Without this option, all clients in the process share their connections. An idle
// connection is closed after 3 seconds: if the server closed it first, just as a
// request is written, the outcome of a copy would be unknown. An HTTP/2 connection
// that is silent for 15 seconds is pinged. Do the same in a Transport of your own: the
// zero [http.Transport] keeps idle connections forever, [http.DefaultTransport] for
// 90 seconds, and neither pings.
//
//	t := http.DefaultTransport.(*http.Transport).Clone()
//	t.IdleConnTimeout = 3 * time.Second
//	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second}
//
// A Transport must obey the context of the request until the body of the answer is
// read. It must not fall back to another connection by itself: a failed connection
// that it reports to net/http/httptrace counts as proof that nothing was sent.
//
// If a Transport retries by itself, such as that of go-retryablehttp's StandardClient,
// the SDK stops it before it sends a copy a second time: it closes the connection of
// the second request, and the outcome is unknown. That works only if the Transport
// reports to httptrace and keeps the context of the request. A Transport that sends
// several requests in parallel (hedging) cannot be stopped reliably: do not use one.
func WithHTTPClient(c *http.Client) Option {
	return func(cfg *Config) error {
		if c == nil {
			return fmt.Errorf("WithHTTPClient: the client is nil")
		}
		clone := *c
		cfg.HTTPClient = &clone
		return nil
	}
}

// WithMiddleware wraps the transport, for tracing, metrics or a header of your
// own. Each middleware runs once per attempt, after the limiter and before the check
// that the request goes to the configured origin. The first one given is the
// outermost. A nil one is an error. Default: none.
//
// A middleware must pass on the context of its request, which ends with the attempt.
// It may send a copy a second time only if the first request provably made none, for
// example to renew a token after a 401; otherwise the SDK stops it. The second request
// waits for a permit of its own. That wait is not part of the attempt timeout.
func WithMiddleware(m ...func(http.RoundTripper) http.RoundTripper) Option {
	return func(c *Config) error {
		for i, middleware := range m {
			if middleware == nil {
				return fmt.Errorf("WithMiddleware: argument %d is nil", i+1)
			}
		}
		c.Middleware = append(c.Middleware, m...)
		return nil
	}
}

// WithLimiter paces copy attempts with l instead of the vendor's default limiter.
// Reads keep theirs; see [WithReadLimiter]. nil is an error; to send without a
// limiter, see [Unlimited].
func WithLimiter(l Limiter) Option {
	return func(c *Config) error {
		if check.IsNil(l) {
			return fmt.Errorf("WithLimiter: the limiter is nil; use agentcopy.Unlimited for none")
		}
		c.Limiter = l
		return nil
	}
}

// WithReadLimiter paces GetAgent, ListAgents and the searches of package once with l
// instead of the vendor's default limiter. nil is an error; to send without a limiter,
// see [Unlimited].
func WithReadLimiter(l Limiter) Option {
	return func(c *Config) error {
		if check.IsNil(l) {
			return fmt.Errorf("WithReadLimiter: the limiter is nil; use agentcopy.Unlimited for none")
		}
		c.ReadLimiter = l
		return nil
	}
}

// WithRetry sets what is retried, how often, and how long a call waits in
// between. Fields left at zero take their defaults. Negative values, an unknown Mode
// and a MinBackoff above MaxBackoff are errors.
func WithRetry(p RetryPolicy) Option {
	return func(c *Config) error {
		if err := p.validate(); err != nil {
			return fmt.Errorf("WithRetry: %w", err)
		}
		c.Retry = p
		return nil
	}
}

// validate returns an error that names the first field of p that is negative or
// unknown.
func (p RetryPolicy) validate() error {
	switch {
	case p.Mode < RetrySafe || p.Mode > RetryAlways:
		return fmt.Errorf("the Mode is %v, not one of RetrySafe, RetryNever and RetryAlways", p.Mode)
	case p.MaxAttempts < 0:
		return fmt.Errorf("MaxAttempts is negative: %d", p.MaxAttempts)
	case p.MinBackoff < 0:
		return fmt.Errorf("MinBackoff is negative: %v", p.MinBackoff)
	case p.MaxBackoff < 0:
		return fmt.Errorf("MaxBackoff is negative: %v", p.MaxBackoff)
	case p.MinBackoff > cmp.Or(p.MaxBackoff, 30*time.Second):
		return fmt.Errorf("MinBackoff, %v, is above MaxBackoff, %v", p.MinBackoff, cmp.Or(p.MaxBackoff, 30*time.Second))
	case p.MaxWait < 0:
		return fmt.Errorf("MaxWait is negative: %v", p.MaxWait)
	}
	return nil
}

// WithAttemptTimeout bounds one attempt, from the moment the limiter admits it
// until its body is read. It does not bound the call, which may wait and retry:
// use the context for that. Default: 60s. Zero and negative are an error.
func WithAttemptTimeout(d time.Duration) Option {
	return func(c *Config) error {
		if d <= 0 {
			return fmt.Errorf("WithAttemptTimeout: the timeout must be positive, not %v", d)
		}
		c.AttemptTimeout = d
		return nil
	}
}

// WithMaxResponseBytes bounds the body of an answer, after decompression. A
// longer one is [ErrTooLarge]. Zero and negative are an error.
//
// Default: 32 MiB. An agent takes a few KiB, and a page of a list has at most 200 of
// them. Cotool's list has no pages: 32 MiB are a thousand agents of 30 KiB each. A
// decoded answer takes at most a few times the memory of its bytes; a part that would
// take more is left out, with a [Response].Warning.
func WithMaxResponseBytes(n int64) Option {
	return func(c *Config) error {
		if n <= 0 {
			return fmt.Errorf("WithMaxResponseBytes: the bound must be positive, not %d", n)
		}
		c.MaxResponseBytes = n
		return nil
	}
}

// WithLogger logs to l:
//
//   - Debug: each attempt, when it is over.
//   - Info: each wait of more than a second, when it begins, with its reason and, if
//     known, its length. A wait that a pause or retry line announced is not logged
//     again.
//   - Warn: each pause that the vendor asks for, each retry, and each call that
//     failed although a copy was or may have been made.
//
// The lines name the provider, operation, attempt, status, duration, request ID and
// outcome. They never hold a header, a body, a query or a credential. Each is logged
// with the values of the call's context, such as a span. Default: silent; nil is an
// error.
func WithLogger(l *slog.Logger) Option {
	return func(c *Config) error {
		if l == nil {
			return fmt.Errorf("WithLogger: the logger is nil; leave the option out to log nothing")
		}
		c.Logger = l
		return nil
	}
}

// WithUserAgent puts product, such as "migrator/1.4", before the SDK's own name
// in the User-Agent header. A blank product, or one with a control character, is an
// error. Default: the SDK's own name only.
func WithUserAgent(product string) Option {
	return func(c *Config) error {
		if strings.TrimSpace(product) == "" || !check.HeaderValue(product) {
			return fmt.Errorf("WithUserAgent: the product is blank or holds a control character")
		}
		c.UserAgent = product
		return nil
	}
}

// WithHeader sends the header with every request; a second value for the same name
// replaces the first. Headers that authenticate or frame the message are errors, since
// the SDK sets them. So are Idempotency-Key and X-Idempotency-Key: no vendor documents
// them, and they let net/http silently resend a POST. Default: no other headers.
func WithHeader(name, value string) Option {
	return func(c *Config) error {
		if err := check.Header(name, value); err != nil {
			return fmt.Errorf("WithHeader: %w", err)
		}
		if c.Header == nil {
			c.Header = make(http.Header)
		}
		c.Header.Set(name, value)
		return nil
	}
}

// WithInsecureHTTP allows a base URL that begins with http:// for hosts other
// than loopback. Credentials then cross the network in the clear: use it only
// where something else encrypts the traffic, such as a service mesh.
func WithInsecureHTTP() Option {
	return func(c *Config) error {
		c.InsecureHTTP = true
		return nil
	}
}
