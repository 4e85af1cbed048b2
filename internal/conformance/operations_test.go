package conformance

import (
	"slices"
	"testing"

	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

type (
	operation = vendortest.Operation
	result    = vendortest.Result
	answers   = vendortest.Answers
)

var (
	// operations are all that the conformance tables run for.
	operations     = vendortest.Operations()
	copyOperations = slices.DeleteFunc(slices.Clone(operations), func(o *operation) bool { return !o.Copies })
)

// newFake returns the vendor's fake with the agent that operations copy.
func newFake(t testing.TB, v *vendortest.Vendor, opts ...agentcopytest.ServerOption) *agentcopytest.Server {
	fake := v.NewFake(opts...)
	fake.Add(v.SourceID, "The source")
	t.Cleanup(fake.Close)
	return fake.Server
}

func operationNamed(name string) *operation {
	return operations[slices.IndexFunc(operations, func(o *operation) bool { return o.String() == name })]
}
