package manifest

import (
	"fmt"
	"slices"
	"strings"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
)

// Columns returns the columns that a manifest may have.
func Columns() []string { return append(slices.Clone(commonColumns), vendor.Columns()...) }

func isColumn(name string) bool { return slices.Contains(Columns(), name) }

func unknownColumn(name string) string {
	return fmt.Sprintf("there is no column %q; there are %s", name, strings.Join(Columns(), ", "))
}
