package kolena_test

import (
	"testing"

	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

func FuzzErrorBody(f *testing.F) { vendortest.FuzzErrorBody(f, "kolena") }

func FuzzSuccessBody(f *testing.F) {
	vendortest.FuzzSuccessBody(f, "kolena", vendortest.Document(f, "copy.json"), vendortest.Document(f, "copy_oldest.json"))
}

func FuzzListBody(f *testing.F) {
	vendortest.FuzzListBody(f, "kolena",
		`{"agents":[{"id":1,"name":"A"},{"id":2},{"name":"B"}],"total_pages":3,"page_number":0,"page_size":3}`,
		`{"agents":[],"total_pages":0,"page_number":0,"page_size":0}`,
	)
}
