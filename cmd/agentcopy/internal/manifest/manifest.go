// Package manifest reads the list of copies to make, as CSV, JSON lines or a JSON
// array, and finds everything that is wrong with it before anything is sent.
package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
)

// Manifest is a list of copies to make.
type Manifest struct {
	Columns []string // as the file spells them
	Rows    []*Row
	Notes   []Fault // what is odd, and keeps nothing from going on
	JSON    bool
}

// Row asks for one copy.
type Row struct {
	Line    int
	Vendor  *vendor.Vendor
	Request agentcopy.CopyRequest // its SourceID is canonical
	Key     string
	Extras  map[string]string // the cells of the vendor's own columns, if not empty
	Cells   []string          // all cells, in the order of Columns
}

// Fault is what is wrong with a line, or with one of its columns.
type Fault struct {
	Line   int    `json:"line"`
	Column string `json:"column,omitempty"`
	Value  string `json:"value,omitempty"`
	Text   string `json:"text"`
}

// String is "3: source_id "x7": is not a number".
func (f Fault) String() string {
	text := fmt.Sprintf("%d: ", f.Line)
	if f.Column != "" {
		text += f.Column
		if f.Value != "" {
			text += fmt.Sprintf(" %.60q", f.Value)
		}
		text += ": "
	}
	return text + f.Text
}

// The columns that every vendor has.
const (
	providerColumn = "provider"
	sourceColumn   = "source_id"
	nameColumn     = "name"
	keyColumn      = "key"
)

// ResultColumns are those that a results file adds. In a manifest they mean nothing,
// so that a results file can be a manifest again.
var ResultColumns = []string{"status", "copy_id", "copy_name", "copy_created_at", "existing", "error"}

// file is what a reader of one format has found.
type file struct {
	columns []string
	records []record
	faults  []Fault
}

// record is a line as it stands there.
type record struct {
	line  int
	cells []string
}

func (f *file) fault(line int, column, value, text string) {
	f.faults = append(f.faults, Fault{line, column, value, text})
}

// Read reads a manifest. With faults, the Manifest is not to be used.
func Read(r io.Reader) (*Manifest, []Fault, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, err
	}
	m := &Manifest{}
	if faults := unreadable(text); len(faults) > 0 {
		return m, faults, nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	start := bytes.TrimLeft(text, " \t\r\n")
	var f *file
	switch m.JSON = true; {
	case bytes.HasPrefix(start, []byte("{")):
		f = readLines(text)
	case bytes.HasPrefix(start, []byte("[")):
		f = readArray(text)
	default:
		m.JSON, f = false, readCSV(text)
	}
	m.understand(f)
	if len(f.faults) == 0 && len(m.Rows) == 0 {
		f.fault(1, "", "", "the manifest has no rows")
	}
	slices.SortStableFunc(f.faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return m, f.faults, nil
}

// unreadable says why text is no UTF-8.
func unreadable(text []byte) (faults []Fault) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) || bytes.IndexByte(text[:min(len(text), 64)], 0) >= 0 {
		return []Fault{{Line: 1, Text: `is UTF-16, or no text. Save it as UTF-8: "CSV UTF-8" in Excel, or: iconv -f UTF-16 -t UTF-8`}}
	}
	if utf8.Valid(text) {
		return nil
	}
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			shown := strings.ToValidUTF8(string(line), "\ufffd")
			faults = append(faults, Fault{i + 1, "", "", fmt.Sprintf("is not valid UTF-8: %.60q. If it is Latin-1: iconv -f WINDOWS-1252 -t UTF-8", shown)})
		}
	}
	return faults
}

// understand makes rows of records.
func (m *Manifest) understand(f *file) {
	m.Columns = f.columns
	known := m.known(f)
	if len(f.faults) > 0 && len(f.records) == 0 {
		return // each line would only repeat what is wrong with the header
	}
	lines := make(map[string]int) // by key
	for _, rec := range f.records {
		cells := make(map[string]string)
		for i, cell := range rec.cells {
			if known[i] != "" && cell != "" {
				cells[known[i]] = cell
			}
		}
		if len(cells) == 0 {
			continue // an empty line of a spreadsheet
		}
		row, faults := rowOf(rec, cells)
		first, taken := lines[row.Key]
		switch {
		case len(faults) > 0:
			f.faults = append(f.faults, faults...)
			continue
		case taken && cells[keyColumn] != "":
			f.fault(rec.line, keyColumn, row.Key, fmt.Sprintf("is the key of line %d; a key names one copy", first))
			continue
		case taken:
			f.fault(rec.line, "", "", fmt.Sprintf("asks for the same copy as line %d; if you want two, give one of them a key of its own", first))
			continue
		}
		lines[row.Key] = rec.line
		m.Rows = append(m.Rows, row)
		switch name := cells[nameColumn]; {
		case row.Vendor.Nameless && name != "" && row.Request.Name == "":
			m.Notes = append(m.Notes, Fault{rec.line, nameColumn, name, row.Vendor.Name + " lets no name be chosen; it is ignored"})
		case !row.Vendor.Nameless && name == "":
			m.Notes = append(m.Notes, Fault{rec.line, nameColumn, "", row.Vendor.Name + " chooses the name; should an answer be lost, the copy is hard to tell from others"})
		}
	}
}

// rowOf is what a record asks for, and all that is wrong with it.
func rowOf(rec record, cells map[string]string) (row *Row, faults []Fault) {
	fault := func(column, text string) {
		faults = append(faults, Fault{rec.line, column, cells[column], text})
	}
	row = &Row{Line: rec.line, Cells: rec.cells, Vendor: vendor.Find(strings.ToLower(cells[providerColumn]))}
	if row.Vendor == nil {
		fault(providerColumn, "is not one of "+strings.Join(vendor.Names(), ", "))
		return row, faults // nobody knows the rules for the rest
	}
	row.Request = agentcopy.CopyRequest{SourceID: cells[sourceColumn], Name: cells[nameColumn]}
	if row.Vendor.Nameless {
		row.Request.Name = ""
	}
	for _, column := range vendor.Columns() {
		switch {
		case cells[column] == "":
		case slices.Contains(row.Vendor.Extras, column):
			if row.Extras == nil {
				row.Extras = make(map[string]string)
			}
			row.Extras[column] = cells[column]
		default:
			fault(column, row.Vendor.Name+" has no such thing; leave it empty")
		}
	}
	for _, found := range row.Vendor.Check(&row.Request, row.Extras) {
		fault(found.Column, found.Text)
	}
	row.Key = cells[keyColumn]
	switch {
	case row.Key == "":
		row.Key = deriveKey(row.Vendor.Name, row.Request.SourceID, row.Request.Name)
	case len(row.Key) > 1024:
		fault(keyColumn, "is longer than 1024 bytes")
	}
	return row, faults
}
