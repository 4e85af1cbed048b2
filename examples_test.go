package agentcopy_test

import (
	"go/ast"
	"go/doc"
	"go/parser"
	"go/token"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// withoutExample are functions and methods that need no example of their own.
var withoutExample = map[string]string{
	"Format":        "fmt calls it; the examples print",
	"String":        "fmt calls it; the examples print",
	"LogValue":      "slog calls it; see ExampleError_LogValue",
	"MarshalJSON":   "encoding/json calls it; see ExampleTime and ExampleError_LogValue",
	"UnmarshalJSON": "encoding/json calls it; see ExampleTime",
	"Done":          "see ExampleRecord, which has the methods of a Record together",
	"SameRequest":   "see ExampleRecord",
	"Ref":           "see ExampleRecord",
	"UpdateAgent":   "see ExampleServer_DeleteAgent, which shows what colleagues do",
}

// withoutOutput are examples that only a test can run.
var withoutOutput = map[string]string{
	"TestLedger":    "needs a *testing.T",
	"Server_Client": "shows testing/synctest, which needs a *testing.T",
}

// withExample are the types that a reader looks for by their names.
var withExample = map[string][]string{
	".":               {"Acquirer", "Config", "Copier", "Error", "Ledger", "Limiter", "Once", "Option", "Outcome", "Record", "Response", "RetryPolicy", "Time"},
	"./agentcopytest": {"Fault"},
}

// TestExamples: whatever a program may call has an example, and the examples
// run: they have output, which go test compares.
func TestExamples(t *testing.T) {
	for _, dir := range []string{".", "./zudu", "./cotool", "./langsmith", "./kolena", "./agentcopytest"} {
		t.Run(dir, func(t *testing.T) {
			pkg := documentation(t, dir)
			for _, f := range pkg.Funcs {
				requireExample(t, f.Name, f.Examples)
			}
			types := map[string]*doc.Type{}
			for _, typ := range pkg.Types {
				types[typ.Name] = typ
				requireOutput(t, typ.Examples)
				for _, f := range typ.Funcs {
					requireExample(t, f.Name, f.Examples)
				}
				for _, m := range typ.Methods {
					requireExample(t, m.Name, m.Examples)
				}
			}
			for _, name := range withExample[dir] {
				require.NotNil(t, types[name], "there is no type %s", name)
				require.NotEmpty(t, types[name].Examples, "type %s has no example", name)
			}
			requireOutput(t, pkg.Examples)
		})
	}
}

func requireExample(t *testing.T, name string, examples []*doc.Example) {
	t.Helper()
	if withoutExample[name] == "" {
		require.NotEmpty(t, examples, "%s has no example", name)
	}
	requireOutput(t, examples)
}

func requireOutput(t *testing.T, examples []*doc.Example) {
	t.Helper()
	for _, e := range examples {
		if withoutOutput[e.Name] == "" {
			require.NotEmpty(t, e.Output, "Example%s has no output, so it is not run", e.Name)
		}
	}
}

// documentation is what a reader of the package's reference sees.
func documentation(t *testing.T, dir string) *doc.Package {
	t.Helper()
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	fset := token.NewFileSet()
	var files []*ast.File
	for _, entry := range entries {
		if !strings.HasSuffix(entry.Name(), ".go") {
			continue
		}
		file, err := parser.ParseFile(fset, dir+"/"+entry.Name(), nil, parser.ParseComments)
		require.NoError(t, err)
		files = append(files, file)
	}
	pkg, err := doc.NewFromFiles(fset, files, "github.com/agentcopy/agentcopy-go/"+strings.TrimPrefix(dir, "./"))
	require.NoError(t, err)
	return pkg
}
