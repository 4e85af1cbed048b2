package agentcopytest

import (
	"cmp"
	"net/http"
	"slices"
	"strings"
)

// WithCredential makes the server accept only this credential: the API key and, for
// Zudu, its secret. Without this option, the server accepts any credential that is
// not empty.
//
// It panics if a value is empty, if there is none, or if there are more than the
// vendor has.
func WithCredential(values ...string) ServerOption {
	if len(values) == 0 || slices.Contains(values, "") {
		misuse("WithCredential: a credential is empty")
	}
	values = slices.Clone(values)
	return func(s *Server) {
		if most := len(s.vendor.credentials); len(values) > most {
			misuse("WithCredential: there are %d values, and %s has no more than %d", len(values), s.vendor.name, most)
		}
		s.accepted = values
	}
}

// authenticate returns the credential that a request carries, or what the vendor
// says if it carries none or a wrong one.
func (s *Server) authenticate(h http.Header) (credential string, refusal *answer) {
	var values []string
	for _, name := range s.vendor.credentials {
		value, ok := cutScheme(h.Get(name), s.vendor.scheme)
		if !ok || value == "" {
			return "", s.vendor.refuse(cmp.Or(s.quirks.MissingCredential, http.StatusUnauthorized), "Missing credentials")
		}
		values = append(values, value)
	}
	for i, accepted := range s.accepted {
		if values[i] != accepted {
			return "", s.vendor.refuse(cmp.Or(s.quirks.WrongCredential, s.vendor.wrongCredential, http.StatusUnauthorized), "Invalid credentials")
		}
	}
	return strings.Join(values, "\n"), nil
}

// cutScheme takes the scheme off the value of an Authorization header. It is
// case-insensitive, as RFC 9110 has it.
func cutScheme(value, scheme string) (string, bool) {
	if len(value) < len(scheme) || !strings.EqualFold(value[:len(scheme)], scheme) {
		return "", false
	}
	return strings.TrimSpace(value[len(scheme):]), true
}
