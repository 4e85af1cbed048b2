package transport

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/netip"
	"net/url"
	"runtime"
	"slices"
	"strings"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Version is the version of this SDK, as its User-Agent header says it.
const Version = "0.1.0"

var userAgent = "agentcopy-go/" + Version + " (" + runtime.Version() + ")"

func defaultConfig(v *Vendor) agentcopy.Config {
	return agentcopy.Config{
		Provider:         v.Name,
		BaseURL:          v.BaseURL,
		AttemptTimeout:   60 * time.Second,
		MaxResponseBytes: 32 << 20,
	}
}

// cloneConfig returns a copy that options can edit without changing cfg.
func cloneConfig(cfg agentcopy.Config) agentcopy.Config {
	cfg.Middleware = slices.Clone(cfg.Middleware)
	cfg.Traces = slices.Clone(cfg.Traces)
	cfg.Header = cfg.Header.Clone()
	return cfg
}

// resolve applies opts and checks the whole result: an option may be a caller's
// own, which sets the fields of Config directly.
func resolve(cfg *agentcopy.Config, opts []agentcopy.Option) (*url.URL, error) {
	provider := cfg.Provider
	for i, opt := range opts {
		if opt == nil {
			return nil, fmt.Errorf("option %d is nil", i+1)
		}
		if err := opt(cfg); err != nil {
			return nil, err
		}
	}
	cfg.Provider = provider
	// The caller may go on changing what its own option put there.
	*cfg = cloneConfig(*cfg)
	checks := []agentcopy.Option{
		agentcopy.WithBaseURL(cfg.BaseURL),
		agentcopy.WithRetry(cfg.Retry),
		agentcopy.WithAttemptTimeout(cfg.AttemptTimeout),
		agentcopy.WithMaxResponseBytes(cfg.MaxResponseBytes),
		agentcopy.WithMiddleware(cfg.Middleware...),
	}
	if cfg.Limiter != nil {
		checks = append(checks, agentcopy.WithLimiter(cfg.Limiter))
	}
	if cfg.ReadLimiter != nil {
		checks = append(checks, agentcopy.WithReadLimiter(cfg.ReadLimiter))
	}
	if cfg.UserAgent != "" {
		checks = append(checks, agentcopy.WithUserAgent(cfg.UserAgent))
	}
	for _, name := range slices.Sorted(maps.Keys(cfg.Header)) {
		values := cfg.Header[name]
		if len(values) == 0 {
			values = []string{""} // the name is checked even so
		}
		for _, value := range values {
			checks = append(checks, agentcopy.WithHeader(name, value))
		}
	}
	scratch := agentcopy.Config{}
	for _, opt := range checks {
		if err := opt(&scratch); err != nil {
			return nil, err
		}
	}
	cfg.Retry = withDefaults(cfg.Retry)
	return CheckBaseURL(cfg)
}

// withDefaults sets the fields of p that are zero to what they stand for.
func withDefaults(p agentcopy.RetryPolicy) agentcopy.RetryPolicy {
	p.MaxAttempts = cmp.Or(p.MaxAttempts, 4)
	p.MaxBackoff = cmp.Or(p.MaxBackoff, 30*time.Second)
	p.MinBackoff = cmp.Or(p.MinBackoff, min(500*time.Millisecond, p.MaxBackoff))
	p.MaxWait = cmp.Or(p.MaxWait, 2*time.Minute)
	return p
}

// CheckBaseURL parses the base URL and refuses to send credentials in the
// clear over a network.
func CheckBaseURL(cfg *agentcopy.Config) (*url.URL, error) {
	u, err := check.BaseURL(cfg.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("WithBaseURL: %w", err)
	}
	if u.Scheme == "http" && !cfg.InsecureHTTP && !isLoopback(u.Hostname()) {
		return nil, errors.New("WithBaseURL: http:// sends the credentials in the clear; use https://, or allow it with WithInsecureHTTP")
	}
	u.Host = lowerHost(u.Host)
	return u, nil
}

func isLoopback(host string) bool {
	if ip, err := netip.ParseAddr(host); err == nil {
		return ip.Unmap().IsLoopback()
	}
	return strings.EqualFold(host, "localhost")
}

// preparedHeader builds once what every request of a client carries, and
// returns a func that copies it: middleware is free to change what it gets.
func preparedHeader(cfg agentcopy.Config, secrets []Secret) func() http.Header {
	h := http.Header{}
	h.Set("Accept", "application/json")
	h.Set("Content-Type", "application/json")
	h.Set("User-Agent", strings.TrimSpace(cfg.UserAgent+" "+userAgent))
	for name, values := range cfg.Header {
		h[http.CanonicalHeaderKey(name)] = values
	}
	for _, s := range secrets {
		s.setOn(h)
	}
	return h.Clone
}
