package transport

import (
	"cmp"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// Client is what the four vendor clients are made of. It is safe for concurrent
// use, and its settings never change after New.
type Client struct {
	vendor *Vendor
	cfg    agentcopy.Config // without its Header; see custom
	base   *url.URL
	path   string // of base, escaped, without a slash at the end
	server string // of base, as host:port
	log    *slog.Logger
	pacing *pacing.Shared

	limiters pacing.Limiters
	jar      http.CookieJar

	trace   agentcopy.Trace   // all of the settings as one
	timeout time.Duration     // of one attempt
	wire    http.RoundTripper // middleware, origin guard, the caller's RoundTripper; nil if New did not make the client

	// What may be secret stands behind funcs, since fmt and the dumpers of test libraries
	// print unexported fields, through pointers too.
	secrets func() []Secret
	custom  func() http.Header // a copy of the Header of the settings
	header  func() http.Header // a copy of what every request carries
	mask    func(string) string

	// protocol is the major version of HTTP that the origin last answered in.
	protocol *atomic.Int32

	fresh bool // reads go past caches
}

// New makes a client of vendor v from its credentials and options. It does no
// I/O. Its errors are *agentcopy.Error and name the parameter or option.
func New(v *Vendor, secrets []Secret, opts []agentcopy.Option) (*Client, error) {
	return build(v, "New", secrets, defaultConfig(v), opts)
}

// NotMade stands for a client that New did not make. All of its methods that can
// return an error do.
func NotMade(v *Vendor) *Client { return &Client{vendor: v} }

// With makes a client with the same credentials, and with opts on top of the
// settings of c.
func (c *Client) With(opts []agentcopy.Option) (*Client, error) {
	if c.wire == nil {
		return nil, notMade(c.vendor, "With")
	}
	return build(c.vendor, "With", c.secrets(), c.Config(), opts)
}

func build(v *Vendor, operation string, secrets []Secret, cfg agentcopy.Config, opts []agentcopy.Option) (*Client, error) {
	for _, s := range secrets {
		if reason := check.Credential(s.Value); reason != "" {
			return nil, Invalid(v, operation, s.Field, reason)
		}
	}
	base, err := resolve(&cfg, opts)
	if err != nil {
		return nil, setupError(v, operation, err)
	}
	c := &Client{
		vendor:  v,
		cfg:     cfg,
		base:    base,
		path:    strings.TrimRight(base.EscapedPath(), "/"),
		server:  serverOf(base),
		log:     cmp.Or(cfg.Logger, slog.New(slog.DiscardHandler)),
		timeout: cfg.AttemptTimeout,
		secrets: func() []Secret { return secrets },
		custom:  cfg.Header.Clone,
		header:  preparedHeader(cfg, secrets),
		mask:    newMask(secrets),

		protocol: new(atomic.Int32),
	}
	c.cfg.Header = nil
	c.trace = joined(cfg.Traces...)
	transport := sharedTransport()
	if h := cfg.HTTPClient; h != nil {
		if !check.IsNil(h.Jar) {
			c.jar = h.Jar
		}
		transport = h.Transport
		if check.IsNil(transport) {
			transport = http.DefaultTransport
		}
		if h.Timeout > 0 {
			c.timeout = min(c.timeout, h.Timeout)
		}
	}
	c.pacing = share(v, scopeOf(base, transport), secrets)
	c.limiters = limitersOf(cfg, c.pacing)
	if c.wire, err = withMiddleware(cfg.Middleware, &originGuard{base, originOf(base), transport}); err != nil {
		return nil, setupError(v, operation, err)
	}
	return c, nil
}

// share is what c shares with the other clients of its credentials.
func share(v *Vendor, scope string, secrets []Secret) *pacing.Shared {
	values := make([]string, len(secrets))
	for i, s := range secrets {
		values[i] = s.Value
	}
	return pacing.Share(v.Name, scope, values, v.Limits)
}

// scopeOf says which server a client talks to: the origin of its base URL, or
// what a transport says that answers for any origin. The in-memory clients of
// agentcopytest do, so that tests with a server each share no limit.
func scopeOf(base *url.URL, transport http.RoundTripper) string {
	if t, ok := transport.(interface{ PacingScope() string }); ok {
		return t.PacingScope()
	}
	return originOf(base)
}

// limiter paces the attempts of op.
func (c *Client) limiter(op *Operation) pacing.Limiter {
	switch op.Endpoint {
	case CopyEndpoint:
		return c.limiters.Copy
	case ListEndpoint:
		return c.limiters.List
	}
	return c.limiters.Get
}

// limitersOf are those of the settings, and else the shared ones.
func limitersOf(cfg agentcopy.Config, shared *pacing.Shared) pacing.Limiters {
	l := shared.Limiters
	if cfg.Limiter != nil {
		l.Copy = pacing.For(cfg.Limiter)
	}
	if cfg.ReadLimiter != nil {
		l.List = pacing.For(cfg.ReadLimiter)
		l.Get = l.List
	}
	return l
}

// Config returns the client's settings.
func (c *Client) Config() agentcopy.Config {
	cfg := cloneConfig(c.cfg)
	if c.wire != nil {
		cfg.Header = c.custom()
	}
	return cfg
}

// Header is the value of a header that the client sends with every request by its
// settings; "" if there is none.
func (c *Client) Header(name string) string {
	if c.wire == nil {
		return ""
	}
	return c.custom().Get(name)
}

// ForCopier is the client that a Copier calls: c, but for two things. RetryAlways may
// make a second copy, which a Copier must not do: it is taken for RetrySafe. And reads
// go past caches.
func (c *Client) ForCopier() *Client {
	copier := *c
	copier.fresh = true
	if c.cfg.Retry.Mode == agentcopy.RetryAlways {
		copier.cfg.Retry.Mode = agentcopy.RetrySafe
	}
	return &copier
}
