package transport

import (
	"net/http"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/pacing"
)

// Vendor is what sets one vendor apart from the others.
type Vendor struct {
	Name    string // as in agentcopy.Error.Provider
	BaseURL string // of the vendor's own server
	// Limits makes the default limiters, once per credential.
	Limits func() pacing.Limits
	// Advice adds to a bare refusal what experience says about its cause; "" for
	// nothing. It may read the credentials, and must not quote them. May be nil.
	Advice func(e *agentcopy.Error, secrets []Secret) string
}

// Endpoint is a kind of request that a vendor paces on its own.
type Endpoint int

// The endpoints of the vendors.
const (
	CopyEndpoint Endpoint = iota // makes a copy: never retried unless it provably made none
	ListEndpoint
	GetEndpoint
)

// Operation is one method of a vendor's client.
type Operation struct {
	Name     string // as in agentcopy.Error.Operation
	Method   string // of HTTP
	Endpoint Endpoint
}

// copies reports whether the operation makes a copy.
func (o *Operation) copies() bool { return o.Endpoint == CopyEndpoint }

// Secret is one credential and the header it travels in.
type Secret struct {
	Field  string // the constructor's parameter, for errors
	Header string
	Scheme string // put before the value: "Bearer "
	Value  string
}

// setOn puts the secret into its header.
func (s Secret) setOn(h http.Header) { h.Set(s.Header, s.Scheme+s.Value) }
