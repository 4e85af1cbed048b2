package agentcopy_test

import (
	"go/parser"
	"go/token"
	"io/fs"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/kolena"
)

// TestReadmeFirstScreen: a newcomer finds the two commands without scrolling.
func TestReadmeFirstScreen(t *testing.T) {
	screen := strings.Join(strings.SplitN(readFile(t, "README.md"), "\n", 31)[:30], "\n")
	require.Contains(t, screen, "go run ./examples/quickstart")
	require.Contains(t, screen, "go test work")
}

// TestReadmeContents: every entry of the table of contents has its section.
func TestReadmeContents(t *testing.T) {
	readme := readFile(t, "README.md")
	sections := map[string]bool{}
	for _, heading := range regexp.MustCompile(`(?m)^#+ (.*)$`).FindAllStringSubmatch(readme, -1) {
		anchor := regexp.MustCompile(`[^a-z0-9 -]`).ReplaceAllString(strings.ToLower(heading[1]), "")
		sections[strings.ReplaceAll(anchor, " ", "-")] = true
	}
	for _, link := range regexp.MustCompile(`\]\(#(.*?)\)`).FindAllStringSubmatch(readme, -1) {
		require.True(t, sections[link[1]], "README.md links to #%s, which is no section", link[1])
	}
}

// TestMarkdownCode: the Go code on every page of the repository compiles, since
// it stands in a test file or in a program of examples/, line by line. It runs
// where that is an example with output. No other code block holds Go, where
// nothing would check it.
func TestMarkdownCode(t *testing.T) {
	if _, err := os.Stat("internal/conformance/go.mod"); err != nil {
		return // the root module by itself, without the others that its README shows
	}
	var pages, sources []string
	require.NoError(t, filepath.WalkDir(".", func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != "." && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case strings.HasSuffix(path, ".md"):
			pages = append(pages, path)
		case strings.HasSuffix(path, "_test.go"), strings.HasPrefix(path, "examples/") && strings.HasSuffix(path, ".go"):
			sources = append(sources, unindent(readFile(t, path)))
		}
		return nil
	}))
	require.Contains(t, pages, "README.md")
	for _, page := range pages {
		for _, block := range codeBlocks(readFile(t, page)) {
			first, _, _ := strings.Cut(block.code, "\n")
			if block.language != "go" {
				require.False(t, looksLikeGo(block.code), "%s: the block that begins with %q is Go and is not marked so", page, first)
				continue
			}
			require.True(t, holds(sources, unindent(block.code)), "%s: the block that begins with %q is in no test file and no example", page, first)
		}
	}
}

// TestReadmeLog: the log lines in README.md are those that the SDK writes.
func TestReadmeLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var lines strings.Builder
		logger := slog.New(slog.NewTextHandler(&lines, &slog.HandlerOptions{Level: slog.LevelDebug, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		}}))
		server, client, source := leaseReader(agentcopy.WithLogger(logger))
		server.Inject(
			agentcopytest.Fault{Delay: 210 * time.Millisecond, Header: http.Header{"X-Request-Id": {"7f3a91"}}},
			agentcopytest.Fault{Delay: time.Second, Status: http.StatusBadGateway, AfterCopy: true},
		)
		_, err := client.CopyAgent(t.Context(), source, kolena.CopyAgentRequest{Name: "Hamburg"})
		require.NoError(t, err)
		_, err = client.CopyAgent(t.Context(), source, kolena.CopyAgentRequest{Name: "Bremen"})
		require.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
		logger.Error("copying Bremen failed", "error", err)

		require.True(t, strings.Contains(readFile(t, "README.md"), lines.String()), "README.md has other lines than\n%s", lines.String())
	})
}

type codeBlock struct{ language, code string }

// codeBlocks returns what stands between fences.
func codeBlocks(page string) []codeBlock {
	var blocks []codeBlock
	for _, m := range regexp.MustCompile("(?ms)^ *```([^\n`]*)\n(.*?)^ *```$").FindAllStringSubmatch(page, -1) {
		blocks = append(blocks, codeBlock{strings.TrimSpace(m[1]), m[2]})
	}
	return blocks
}

// looksLikeGo errs on the side of Go.
func looksLikeGo(code string) bool {
	if regexp.MustCompile(`(?m):=|^\s*(func|package|import|type|var|const)\b`).MatchString(code) {
		return true
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", "package p\nfunc _() {\n"+code+"\n}", parser.SkipObjectResolution)
	return err == nil && strings.Contains(code, "(") && len(file.Decls) > 0
}

func holds(texts []string, part string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, part) })
}

// unindent takes the indentation off each line.
func unindent(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, strings.TrimSpace(line))
	}
	return strings.Join(lines, "\n")
}

func readFile(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(name)
	require.NoError(t, err)
	return string(data)
}
