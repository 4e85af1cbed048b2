package langsmith_test

import (
	"testing"

	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "langsmith") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "langsmith", vendortest.Document(f, "clone.json"), vendortest.Document(f, "create.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "langsmith",
		`{"items":[{"id":"3c90c3cc-0d44-4b50-8888-8dd25736052a","name":"A"},{"name":"B"}],"next_cursor":"next"}`,
		`{"items":[],"next_cursor":null}`,
	)
}
