package manifest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	agentcopy "github.com/agentcopy/agentcopy-go"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/vendor"
)

// understand makes rows of records.
func understand(records []record) (m Manifest, faults []Fault) {
	lines := make(map[string]int) // by key
	for _, rec := range records {
		row, found := rec.row()
		faults = append(faults, found...)
		if len(found) > 0 {
			continue
		}
		if first, taken := lines[row.Key]; taken {
			faults = append(faults, duplicate(rec, row.Key, first))
			continue
		}
		lines[row.Key] = rec.line
		m.Rows = append(m.Rows, row)
		m.Notes = append(m.Notes, rec.notes(row.Vendor)...)
	}
	return m, faults
}

// row is what the record asks for, and all that is wrong with it.
func (rec record) row() (row Row, faults []Fault) {
	fault := func(column, text string) { faults = append(faults, Fault{rec.line, column, text}) }
	row = Row{Line: rec.line, Vendor: vendor.Find(strings.ToLower(rec.cells[providerColumn])), Extras: make(map[string]string)}
	if row.Vendor == nil {
		fault(providerColumn, fmt.Sprintf("%q is not one of %s", rec.cells[providerColumn], strings.Join(vendor.Names(), ", ")))
		return row, faults // nobody knows the rules for the rest
	}
	row.Request = agentcopy.CopyRequest{SourceID: rec.cells[sourceColumn], Name: rec.cells[nameColumn]}
	if row.Vendor.Nameless {
		row.Request.Name = ""
	}
	for _, column := range slices.Sorted(maps.Keys(rec.cells)) {
		switch {
		case slices.Contains(row.Vendor.Extras, column):
			row.Extras[column] = rec.cells[column]
		case vendor.OwnerOf(column) != nil:
			fault(column, fmt.Sprintf("%s has no such thing; leave it empty", row.Vendor.Name))
		}
	}
	for _, f := range row.Vendor.Check(row.Request, row.Extras) {
		fault(f.Column, f.Text)
	}
	row.Key = rec.cells[keyColumn]
	switch {
	case row.Key == "":
		row.Key = deriveKey(row.Vendor.Name, row.Request.SourceID, row.Request.Name)
	case len(row.Key) > 1024:
		fault(keyColumn, "is longer than 1024 bytes")
	case !utf8.ValidString(row.Key):
		fault(keyColumn, "is not valid UTF-8")
	}
	return row, faults
}

// duplicate says why two rows cannot have one key.
func duplicate(rec record, key string, first int) Fault {
	if rec.cells[keyColumn] != "" {
		return Fault{rec.line, keyColumn, fmt.Sprintf("%q is the key of line %d; a key names one copy", key, first)}
	}
	return Fault{rec.line, "", fmt.Sprintf("asks for the same copy as line %d; if you want two, give one of them a key of its own", first)}
}

// notes is what is odd about a row that can be used.
func (rec record) notes(v *vendor.Vendor) (notes []Fault) {
	name := rec.cells[nameColumn]
	switch {
	case v.Nameless && name != "":
		notes = append(notes, Fault{rec.line, nameColumn, fmt.Sprintf("%s lets no name be chosen; %q is ignored", v.Name, name)})
	case !v.Nameless && name == "":
		notes = append(notes, Fault{rec.line, nameColumn, fmt.Sprintf("%s chooses the name; should an answer be lost, the copy is hard to tell from others", v.Name)})
	}
	return notes
}
