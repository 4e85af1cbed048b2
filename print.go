package agentcopy

import (
	"fmt"
	"strconv"
)

// formatText prints text for any verb, quoted under %q, so that a type which
// holds a secret has no verb that prints its fields.
func formatText(f fmt.State, verb rune, text string) {
	if verb == 'q' {
		text = strconv.Quote(text)
	}
	_, _ = f.Write([]byte(text)) // fmt.State reports its errors to its own caller
}

// valueName is the name of the i-th value of a type.
func valueName(typeName string, i int, names ...string) string {
	if i < 0 || i >= len(names) {
		return fmt.Sprintf("%s(%d)", typeName, i)
	}
	return names[i]
}
