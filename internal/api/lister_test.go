package api

import (
	"go/ast"
	"go/parser"
	"go/token"
	"go/types"
	"slices"
	"strings"
	"testing"
)

const sample = `package sample

const Limit = 60

type Mode int

const Slow Mode = 1

var Err error

func New[T any](name string, more ...T) (n int, err error) { return }

type Client struct {
	Name   string ` + "`json:\"name,omitzero\"`" + `
	Inner
	hidden
	secret int
}

func (c *Client) Do(n int) error { return nil }
func (c Client) String() string  { return "" }
func (c *Client) private()       {}

type Inner struct{}

func (Inner) Shown() {}

type hidden struct{}

func (hidden) Promoted() {}

type Doer interface {
	Do(n int) error
	private()
}

type Other = Inner
type List[T any] []T
type private struct{ Field int }
`

// What is exported is listed once, and what is not, never.
func TestFeatures(t *testing.T) {
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, "sample.go", sample, 0)
	if err != nil {
		t.Fatal(err)
	}
	pkg, err := new(types.Config).Check("example.com/sample", files, []*ast.File{file}, nil)
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`const Limit untyped int = 60`,
		`const Slow Mode = 1`,
		`func New[T any](name string, more ...T) (n int, err error)`,
		`method (*Client) Do(n int) error`,
		`method (Client) Promoted()`,
		`method (Client) String() string`,
		`method (Inner) Shown()`,
		`type Client struct`,
		`type Client struct, Name string json:"name,omitzero"`,
		`type Client struct, embedded Inner`,
		`type Doer interface`,
		`type Doer interface, Do(n int) error`,
		`type Doer interface, unexported methods`,
		`type Inner struct`,
		`type List[T any] []T`,
		`type Mode int`,
		`type Other = Inner`,
		`var Err error`,
	}
	for i := range want {
		want[i] = "pkg sample, " + want[i]
	}
	if got := features(pkg); !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}
