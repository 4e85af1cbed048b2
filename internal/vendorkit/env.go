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

// Getenv returns the environment variable name without surrounding white space.
func Getenv(name string) string { return strings.TrimSpace(os.Getenv(name)) }

// KeyFromEnv returns the credential in the environment variable name, and an
// error that names the variable if it is not set or can be no credential.
func KeyFromEnv(v *transport.Vendor, name string) (string, error) {
	value := Getenv(name)
	if value == "" {
		return "", transport.Invalid(v, "NewFromEnv", name, "the environment variable is not set")
	}
	if reason := check.Credential(value); reason != "" {
		return "", transport.Invalid(v, "NewFromEnv", name, reason)
	}
	return value, nil
}

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

// BaseURLFromEnv puts the base URL rawURL of the environment variable name, if
// that is set, before opts, so that an option of the caller's own overrides it.
func BaseURLFromEnv(name, rawURL string, opts []agentcopy.Option) []agentcopy.Option {
	if Getenv(name) == "" {
		return opts
	}
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
