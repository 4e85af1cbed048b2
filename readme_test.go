package agentcopy_test

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestReadmeCode: the code in README.md compiles and runs, since it stands in
// example_test.go line by line.
func TestReadmeCode(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	examples, err := os.ReadFile("example_test.go")
	require.NoError(t, err)
	code := unindent(string(examples))

	blocks := regexp.MustCompile("(?s)```go\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.NotEmpty(t, blocks)
	for _, block := range blocks {
		require.Contains(t, code, unindent(block[1]), "a block of README.md is not in example_test.go")
	}
}

// unindent takes the indentation off each line.
func unindent(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}

// TestReadmeFirstScreen: a newcomer finds the two commands without scrolling.
func TestReadmeFirstScreen(t *testing.T) {
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	screen := strings.Join(strings.SplitN(string(readme), "\n", 31)[:30], "\n")
	require.Contains(t, screen, "go run ./examples/quickstart")
	require.Contains(t, screen, "go test work")
}
