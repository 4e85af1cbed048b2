// Package manifest reads the list of copies to make, as CSV, JSON lines or a JSON
// array, and finds everything that is wrong with it before anything is sent.
package manifest

import (
	"bytes"
	"cmp"
	"fmt"
	"io"
	"net/url"
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
	Notes   []Fault // what is odd and stops nothing
	JSON    bool

	records []*Row // with a line and cells, no more
	faults  []Fault
}

// Row asks for one copy.
type Row struct {
	Line    int
	Vendor  *vendor.Vendor
	Request agentcopy.CopyRequest // its SourceID is canonical
	Key     string
	Extras  map[string]string // the cells of the vendor's own columns, if not empty
	Cells   []string          // in the order of Columns, which may be more; JSON values if Manifest.JSON
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
	where := f.Column
	if f.Value != "" {
		where += fmt.Sprintf(" %.60q", f.Value)
	}
	if where != "" {
		where += ": "
	}
	return fmt.Sprintf("%d: %s%s", f.Line, where, f.Text)
}

// The columns that every vendor has.
const (
	providerColumn = "provider"
	sourceColumn   = "source_id"
	nameColumn     = "name"
	keyColumn      = "key"
)

// ResultColumns are those that a results file sets. But for the key, a manifest may have
// them and they mean nothing there, so that a results file can be a manifest.
var ResultColumns = []string{keyColumn, "status", "copy_id", "copy_name", "copy_created_at", "existing", "error"}

// Read reads a manifest. If there are faults, do not use the Manifest.
func Read(r io.Reader) (*Manifest, []Fault, error) {
	text, err := io.ReadAll(r)
	if err != nil {
		return nil, nil, err
	}
	m := &Manifest{faults: unreadable(text)}
	if len(m.faults) > 0 {
		return m, m.faults, nil
	}
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	switch start := bytes.TrimLeft(text, " \t\r\n"); {
	case bytes.HasPrefix(start, []byte("{")):
		m.readLines(text)
	case bytes.HasPrefix(start, []byte("[")):
		m.readArray(text)
	default:
		m.readCSV(text)
	}
	m.understand()
	if len(m.faults) == 0 && len(m.Rows) == 0 {
		m.fault(1, "", "", "the manifest has no rows")
	}
	slices.SortStableFunc(m.faults, func(a, b Fault) int { return cmp.Compare(a.Line, b.Line) })
	return m, m.faults, nil
}

func (m *Manifest) fault(line int, column, value, text string) {
	m.faults = append(m.faults, Fault{line, column, value, text})
}

// unreadable says why text is not UTF-8.
func unreadable(text []byte) (faults []Fault) {
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) || bytes.IndexByte(text[:min(len(text), 64)], 0) >= 0 {
		return []Fault{{Line: 1, Text: `is UTF-16, or not text. Save it as UTF-8: "CSV UTF-8" in Excel, or: iconv -f UTF-16 -t UTF-8`}}
	}
	line := 0
	for content := range bytes.Lines(text) {
		if line++; !utf8.Valid(content) {
			shown := strings.ToValidUTF8(string(bytes.TrimSpace(content)), "\ufffd")
			faults = append(faults, Fault{Line: line, Text: fmt.Sprintf("is not valid UTF-8: %.60q. If it is Latin-1: iconv -f WINDOWS-1252 -t UTF-8", shown)})
		}
	}
	return faults
}

// understand makes rows of the records.
func (m *Manifest) understand() {
	known := m.known()
	records := m.records
	m.records = nil
	lines := make(map[string]int) // by key
	for _, row := range records {
		before := len(m.faults)
		cells := make(map[string]string)
		for i, cell := range row.Cells {
			if known[i] == "" {
				continue
			}
			if m.JSON {
				var why string
				if cell, why = Text(cell); why != "" {
					m.fault(row.Line, known[i], cell, why)
				}
			}
			if cell != "" {
				cells[known[i]] = cell
			}
		}
		if len(cells) == 0 {
			continue // an empty line of a spreadsheet
		}
		if m.fill(row, cells); len(m.faults) > before {
			continue
		}
		if first, taken := lines[row.Key]; taken {
			m.fault(row.Line, keyColumn, row.Key, fmt.Sprintf("is the key of line %d; a key names one copy. If you want two, give one of them a key of its own", first))
			continue
		}
		lines[row.Key] = row.Line
		m.Rows = append(m.Rows, row)
		switch name := cells[nameColumn]; {
		case row.Vendor.Nameless && name != "":
			m.Notes = append(m.Notes, Fault{row.Line, nameColumn, name, "is ignored: " + row.Vendor.Name + " lets no name be chosen"})
		case !row.Vendor.Nameless && name == "":
			m.Notes = append(m.Notes, Fault{row.Line, nameColumn, "", row.Vendor.Name + " chooses the name; if an answer is lost, the copy is hard to tell from others"})
		}
	}
}

// fill notes what a row asks for.
func (m *Manifest) fill(row *Row, cells map[string]string) {
	if row.Vendor = vendor.All[strings.ToLower(cells[providerColumn])]; row.Vendor == nil {
		m.fault(row.Line, providerColumn, cells[providerColumn], "is not one of "+strings.Join(vendor.Names, ", "))
		return // the rules for the rest are not known
	}
	row.Request = agentcopy.CopyRequest{SourceID: cells[sourceColumn], Name: cells[nameColumn]}
	if row.Vendor.Nameless {
		row.Request.Name = ""
	}
	for _, column := range vendor.Columns {
		switch {
		case cells[column] == "":
		case slices.Contains(row.Vendor.Extras, column):
			if row.Extras == nil {
				row.Extras = make(map[string]string)
			}
			row.Extras[column] = cells[column]
		default:
			m.fault(row.Line, column, cells[column], row.Vendor.Name+" has no such thing; leave it empty")
		}
	}
	for _, found := range row.Vendor.Check(&row.Request, row.Extras) {
		m.fault(row.Line, found.Column, cells[found.Column], found.Text)
	}
	row.Key = cmp.Or(cells[keyColumn], deriveKey(row))
	if len(row.Key) > 1024 {
		m.fault(row.Line, keyColumn, row.Key, "is longer than 1024 bytes")
	}
}

// deriveKey is the key of a row that names none: the same for the same provider,
// source and name in every run, and for no other.
func deriveKey(row *Row) string {
	key := row.Vendor.Name + "/" + url.PathEscape(row.Request.SourceID)
	if row.Request.Name != "" {
		key += "/" + row.Request.Name
	}
	return key
}

// known says for each column of the file which of the tool's it is. The results keep
// the others, which are "" here.
func (m *Manifest) known() []string {
	all := append([]string{providerColumn, sourceColumn, nameColumn, keyColumn}, vendor.Columns...)
	names := make([]string, len(m.Columns))
	before := len(m.faults)
	for i, column := range m.Columns {
		name := Normal(column)
		switch {
		case slices.Contains(names, name) && name != "":
			m.fault(1, name, "", "the header has it twice")
		case slices.Contains(all, name):
			names[i] = name
		case !slices.Contains(ResultColumns, name):
			meant := slices.IndexFunc(all, func(known string) bool { // its cells would be ignored in every row
				return strings.ReplaceAll(name, "_", "") == strings.ReplaceAll(known, "_", "") ||
					len(name) > 8 && strings.HasPrefix(known, name)
			})
			if meant >= 0 {
				m.fault(1, "", "", fmt.Sprintf("there is no column %q; is it %s? Rename it if it is something else", column, all[meant]))
			}
		}
	}
	for _, name := range []string{providerColumn, sourceColumn} {
		if len(m.Columns) > 0 && !slices.Contains(names, name) {
			m.fault(1, name, "", "there is no such column; the columns are "+strings.Join(all, ", "))
		}
	}
	if len(m.faults) > before {
		m.records = nil // each line would only tell again what is wrong with the header
	}
	return names
}

// Normal is the name of a column in lower case, with _ for spaces and dashes.
func Normal(column string) string {
	return strings.NewReplacer(" ", "_", "-", "_", ".", "_", "\t", "_").Replace(strings.ToLower(strings.TrimSpace(column)))
}
