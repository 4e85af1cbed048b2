package cotool_test

import (
	"testing"

	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "cotool") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "cotool", vendortest.Document(f, "copy.json"), vendortest.Document(f, "copy_sparse.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "cotool",
		`[{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a","name":"A"},{"name":"B"},null]`,
	)
}
