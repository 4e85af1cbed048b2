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
// packages take options, and so does With of their clients. An option that
// cannot use its argument returns an error, and so does the constructor.
type Option func(*Config) error

// WithBaseURL sends the requests to rawURL in place of the vendor's server: a
// gateway, another region, a test server. A path is kept and put before the
// vendor's. It must be an https URL, or http for a loopback host, without user
// info, query and fragment; see [WithInsecureHTTP].
func WithBaseURL(rawURL string) Option {
	return func(c *Config) error {
		if _, err := check.BaseURL(rawURL); err != nil {
			return fmt.Errorf("WithBaseURL: %w", err)
		}
		c.BaseURL = rawURL
		return nil
	}
}

// WithHTTPClient sends the requests through c: its Transport, Jar and Timeout
// are used, the latter for each attempt if it is shorter than
// [WithAttemptTimeout]; redirects are never followed, whatever its
// CheckRedirect. c is copied and never changed; nil is an error.
//
// Without this option, all clients of the process share their connections. An idle
// connection is closed after 3 seconds: if the server closed it first, just as a
// request is written, the outcome of a copy would be unknown. An HTTP/2 connection
// that is silent for 15 seconds is pinged. Do the same in a Transport of your own:
// [http.Transport] keeps idle connections without limit, [http.DefaultTransport] for
// 90 seconds, and neither pings.
//
//	t := http.DefaultTransport.(*http.Transport).Clone()
//	t.IdleConnTimeout = 3 * time.Second
//	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: 15 * time.Second, PingTimeout: 15 * time.Second}
//
// A Transport must obey the context of the request until the body of the answer is
// read. A Transport of your own must not fall back to another connection by itself: a
// failed one that it reports to net/http/httptrace is taken as proof that nothing was
// sent.
//
// A Transport that retries by itself, such as that of go-retryablehttp's
// StandardClient, is stopped before it sends a copy a second time, provided that it
// reports to httptrace and keeps the context of the request. The outcome is then
// unknown. To stop it, the SDK closes the connection of the second request. A
// Transport that sends several requests side by side (hedging) cannot be stopped with
// certainty: do not use one.
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
// own. Each one runs once per attempt, after the limiter and before the check
// that the request goes to the configured origin; the first one given is the
// outermost.
//
// A middleware must pass on the context of its request, which ends with the attempt.
// It may send a copy a second time only if the first request provably made none, as
// after a 401 that makes it renew a token; else it is stopped. The second request
// waits for a permit of its own, which is not part of the attempt timeout.
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

// WithLimiter paces the attempts to copy by l in place of the vendor's default.
// Reads keep the vendor's documented pace; see [WithReadLimiter]. nil is an error;
// to send unpaced, see [Unlimited].
func WithLimiter(l Limiter) Option {
	return func(c *Config) error {
		if check.IsNil(l) {
			return fmt.Errorf("WithLimiter: the limiter is nil; use agentcopy.Unlimited for none")
		}
		c.Limiter = l
		return nil
	}
}

// WithReadLimiter paces GetAgent, ListAgents and the searches of package once by l in
// place of the vendor's default. nil is an error; to send unpaced, see
// [Unlimited].
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
// between. Fields left at zero take their defaults; negative values and an
// unknown Mode are an error.
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
// Default: 32 MiB. An agent is a document of some KiB, and a page of a list has at
// most 200 of them. Cotool's list has no pages: 32 MiB are a thousand agents of 30 KiB
// each. A decoded answer takes at most a few times the memory of its bytes; a part
// that would take more is left out, with a [Response].Warning.
func WithMaxResponseBytes(n int64) Option {
	return func(c *Config) error {
		if n <= 0 {
			return fmt.Errorf("WithMaxResponseBytes: the bound must be positive, not %d", n)
		}
		c.MaxResponseBytes = n
		return nil
	}
}

// WithLogger writes lines to l:
//
//   - Debug for each attempt, when it is over.
//   - Info for each wait of more than a second, when it begins, with its reason and,
//     if it is known, its length; unless a line of a pause or a retry tells of it.
//   - Warn for each pause that the vendor asks for, each retry, and each call that
//     failed although a copy was or may have been made.
//
// The lines name the provider, operation, attempt, status, duration, request ID and
// outcome. They never hold a header, a body, a query or a credential. Their context
// has the values of the call's context, such as a span. Default: silent; nil is an
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
// in the User-Agent header.
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
// replaces the first. Headers that authenticate or frame the message are refused,
// since the SDK sets them. So is Idempotency-Key: no vendor honours it, and it makes
// net/http silently send a POST twice.
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
// where something else protects the way, such as a service mesh.
func WithInsecureHTTP() Option {
	return func(c *Config) error {
		c.InsecureHTTP = true
		return nil
	}
}
