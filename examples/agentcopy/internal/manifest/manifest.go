// Package manifest reads the list of copies to make, as CSV or as JSON lines,
// and finds everything that is wrong with it before anything is sent.
package manifest

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
)

// The columns that every vendor has.
const (
	providerColumn = "provider"
	sourceColumn   = "source_id"
	nameColumn     = "name"
	keyColumn      = "key"
)

var commonColumns = []string{providerColumn, sourceColumn, nameColumn, keyColumn}

// Manifest is a list of copies to make.
type Manifest struct {
	Rows  []Row
	Notes []Fault // what is odd, and keeps nothing from going on
}

// Row asks for one copy.
type Row struct {
	Line    int
	Vendor  *vendor.Vendor
	Request agentcopy.CopyRequest
	Key     string
	Extras  map[string]string // the cells of the vendor's own columns, if not empty
}

// Fault is what is wrong with a line, or with one of its columns. Line is 0 where
// there are no lines, as on the command line.
type Fault struct {
	Line         int
	Column, Text string
}

// record is a line as it stands there, before anybody looked at what it says.
type record struct {
	line  int
	cells map[string]string // by column; without the empty ones
}

// Read reads a manifest. With faults, the Manifest is not to be used.
func Read(r io.Reader) (Manifest, []Fault, error) {
	buffered := bufio.NewReader(r)
	skipByteOrderMark(buffered)
	read := readCSV
	if isJSON(buffered) {
		read = readJSON
	}
	records, faults, err := read(buffered)
	if err != nil {
		return Manifest{}, nil, err
	}
	m, more := understand(records)
	faults = append(faults, more...)
	if len(faults) == 0 && len(m.Rows) == 0 {
		faults = append(faults, Fault{1, "", "there are no rows"})
	}
	slices.SortStableFunc(faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return m, faults, nil
}

// One is the manifest of one row, which a command line gives.
func One(cells map[string]string) (Manifest, []Fault) {
	filled := make(map[string]string)
	for column, text := range cells {
		if text = strings.TrimSpace(text); text != "" {
			filled[column] = text
		}
	}
	return understand([]record{{0, filled}})
}

// skipByteOrderMark skips what some spreadsheets put at the beginning of a file.
func skipByteOrderMark(r *bufio.Reader) {
	if mark, _ := r.Peek(3); string(mark) == "\ufeff" {
		_, _ = r.Discard(3) // they have been peeked at
	}
}

// isJSON reports whether the first thing in r opens a JSON document.
func isJSON(r *bufio.Reader) bool {
	for n := 1; ; n++ {
		seen, err := r.Peek(n)
		if err != nil {
			return false
		}
		switch seen[n-1] {
		case ' ', '\t', '\r', '\n':
		case '{', '[':
			return true
		default:
			return false
		}
	}
}

// String is a fault of a line of a file, less the file.
func (f Fault) String() string {
	text := f.Text
	if f.Column != "" {
		text = f.Column + ": " + text
	}
	if f.Line == 0 {
		return text
	}
	return fmt.Sprintf("%d: %s", f.Line, text)
}
