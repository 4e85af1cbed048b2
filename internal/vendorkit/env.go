package vendorkit

import (
	"fmt"
	"os"
	"slices"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/check"
	"github.com/agentcopy/agentcopy-go/internal/transport"
)

// NewFromEnv is New with what the environment variables say. Its errors name the
// variable. A base URL among opts overrides that of the environment.
func (s *Setup) NewFromEnv(opts []agentcopy.Option) (*Client, error) {
	var values []string
	for _, name := range s.SecretVars {
		value := Getenv(name)
		reason := check.Credential(value)
		if value == "" {
			reason = "the environment variable is not set"
		}
		if reason != "" {
			return nil, transport.Invalid(s.Vendor, "NewFromEnv", name, reason)
		}
		values = append(values, value)
	}
	if baseURL := Getenv(s.BaseURLVar); baseURL != "" {
		if s.BaseURL != nil {
			baseURL = s.BaseURL(baseURL)
		}
		opts = withBaseURL(s.BaseURLVar, baseURL, opts)
	}
	return s.New(opts, values...)
}

// Getenv returns the environment variable name without surrounding white space.
func Getenv(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// FromEnv is opt, made from the environment variable name, which its errors then
// begin with.
func FromEnv(name string, opt agentcopy.Option) agentcopy.Option {
	return func(c *agentcopy.Config) error {
		if err := opt(c); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		return nil
	}
}

// withBaseURL puts rawURL, from the environment variable name, before opts, so that an
// option of the caller's own overrides it.
func withBaseURL(name, rawURL string, opts []agentcopy.Option) []agentcopy.Option {
	// Whether http:// will do is known only when all options are.
	secure := func(c *agentcopy.Config) error {
		if c.BaseURL != rawURL {
			return nil
		}
		_, err := transport.CheckBaseURL(c)
		return err
	}
	return slices.Concat(
		[]agentcopy.Option{FromEnv(name, agentcopy.WithBaseURL(rawURL))}, opts,
		[]agentcopy.Option{FromEnv(name, secure)})
}
