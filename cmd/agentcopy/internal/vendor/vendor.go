// Package vendor describes the four vendors to the rest of the tool: what a row
// of a manifest may say about each, how its clients are made, and its pace.
package vendor

import (
	"crypto/pbkdf2"
	"crypto/sha256"
	"encoding/hex"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Vendor is one of the four.
type Vendor struct {
	Name      string
	Variables []string // of the environment, that hold the credentials
	Extras    []string // the columns that are this vendor's own
	Nameless  bool     // no name can be chosen for a copy
	Limit     Limit    // what the SDK's clients keep to by default

	goodID string // an ID as the vendor gives them
	// fromEnv makes a client with the credentials in the environment, and keyless
	// one with a credential that means nothing. Both do no I/O.
	fromEnv, keyless func(...agentcopy.Option) (copiers, error)
	checker          func() (copiers, error) // see Check
}

// copiers makes the Copier of a row, whose extras are the non-empty cells of the
// vendor's own columns.
type copiers func(extras map[string]string) (agentcopy.Copier, []Fault)

// Fault is what is wrong with a column of a row.
type Fault struct{ Column, Text string }

var all = []*Vendor{zuduVendor, cotoolVendor, langsmithVendor, kolenaVendor}

func init() {
	for _, v := range all {
		v.checker = sync.OnceValues(func() (copiers, error) { return newChecker(v) })
	}
}

// All returns the vendors.
func All() []*Vendor { return slices.Clone(all) }

// Names returns the names of the vendors.
func Names() []string {
	var names []string
	for _, v := range all {
		names = append(names, v.Name)
	}
	return names
}

// Find returns the vendor of that name, or nil.
func Find(name string) *Vendor {
	for _, v := range all {
		if v.Name == name {
			return v
		}
	}
	return nil
}

// Missing returns the variables of the environment that hold no credential yet.
func (v *Vendor) Missing() []string {
	var missing []string
	for _, name := range v.Variables {
		if os.Getenv(name) == "" {
			missing = append(missing, name)
		}
	}
	return missing
}

// Credential is what the environment holds: what tells accounts apart.
func (v *Vendor) Credential() string {
	var parts []string
	for _, name := range v.Variables {
		parts = append(parts, strings.TrimSpace(os.Getenv(name)))
	}
	return strings.Join(parts, "\x00")
}

// CredentialTag tells credentials apart, in a name that others may see.
func (v *Vendor) CredentialTag() string {
	sum, err := pbkdf2.Key(sha256.New, v.Credential(), []byte("agentcopy limiter "+v.Name), 200_000, 8)
	if err != nil {
		panic(err) // of parameters that are constants
	}
	return hex.EncodeToString(sum)
}

// Client makes Copiers of one vendor.
type Client struct{ copiers copiers }

// Open returns a client with the credentials in the environment.
func (v *Vendor) Open(opts ...agentcopy.Option) (*Client, error) {
	c, err := v.fromEnv(opts...)
	if err != nil {
		return nil, err
	}
	return &Client{c}, nil
}

// Copier returns the one for a row with these extras, which Check has found to
// be good.
func (c *Client) Copier(extras map[string]string) agentcopy.Copier {
	copier, _ := c.copiers(extras)
	return copier
}

// Columns returns the columns that any vendor has of its own, in order.
var Columns = sync.OnceValue(func() []string {
	set := make(map[string]bool)
	for _, v := range all {
		for _, column := range v.Extras {
			set[column] = true
		}
	}
	return slices.Sorted(maps.Keys(set))
})

// anyKey is a credential that means nothing.
const anyKey = "not-a-real-key"
