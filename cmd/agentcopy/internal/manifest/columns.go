package manifest

import (
	"crypto/sha256"
	"encoding/hex"
	"net/url"
	"slices"
	"strings"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/vendor"
)

// Columns returns the columns that mean something to the tool.
func Columns() []string {
	return append([]string{providerColumn, sourceColumn, nameColumn, keyColumn}, vendor.Columns()...)
}

// known says for each column of the file which one it is. Others, "" here, are
// kept for the results.
func (m *Manifest) known(f *file) []string {
	all := Columns()
	names := make([]string, len(f.columns))
	for i, column := range f.columns {
		name := Normal(column)
		switch {
		case slices.Contains(all, name) && slices.Contains(names, name):
			f.fault(1, name, "", "the header has it twice")
			f.records = nil
		case slices.Contains(all, name):
			names[i] = name
		case slices.Contains(ResultColumns, name):
		default:
			if meant := misspelt(name, all); meant != "" {
				f.fault(1, "", "", "there is no column "+quoted(column)+"; is it "+meant+"? Rename it if it is something else")
				f.records = nil
			}
		}
	}
	for _, name := range []string{providerColumn, sourceColumn} {
		if len(f.columns) > 0 && !slices.Contains(names, name) {
			f.fault(1, name, "", "there is no such column; the columns are "+strings.Join(all, ", "))
			f.records = nil
		}
	}
	return names
}

// Normal is the name of a column in lower case, with _ for spaces and dashes.
func Normal(column string) string {
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(" -.\t", r) {
			return '_'
		}
		return r
	}, strings.ToLower(strings.TrimSpace(column)))
}

// misspelt returns the column that name was probably meant to be: one that differs
// in two letters at most, or in separators. Ignored, it would be lost two hundred times.
func misspelt(name string, all []string) string {
	for _, column := range all {
		if len(column) > 4 && (strings.ReplaceAll(name, "_", "") == strings.ReplaceAll(column, "_", "") || distance(name, column) <= 2 || len(name) > 8 && strings.HasPrefix(column, name)) {
			return column
		}
	}
	return ""
}

// distance is how many letters have to be changed, added or left out.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// longestKey bounds a derived key. The SDK takes longer ones; people do not.
const longestKey = 200

// deriveKey is the key of a row that names none: the same for the same provider,
// source and name, in this run and in every later one, and for no other.
func deriveKey(provider, sourceID, name string) string {
	parts := []string{provider, url.PathEscape(sourceID)}
	if name != "" {
		parts = append(parts, name)
	}
	key := strings.Join(parts, "/")
	if len(key) <= longestKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return strings.ToValidUTF8(key[:longestKey-34], "") + "~" + hex.EncodeToString(sum[:16])
}
