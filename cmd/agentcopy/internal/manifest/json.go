package manifest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
)

// readLines reads JSON objects, one a line.
func readLines(text []byte) *file {
	f := &file{}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if line = bytes.TrimSpace(line); len(line) > 0 {
			f.object(n, line)
		}
	}
	f.pad()
	return f
}

// readArray reads a JSON array of objects.
func readArray(text []byte) *file {
	f := &file{}
	decoder := json.NewDecoder(bytes.NewReader(text))
	_, _ = decoder.Token() // [, as the caller saw
	line, counted := 1, 0
	for decoder.More() {
		var raw json.RawMessage
		err := decoder.Decode(&raw)
		end := int(decoder.InputOffset())
		start := max(counted, end-len(raw))
		line += bytes.Count(text[counted:start], []byte("\n"))
		if err != nil {
			if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
				line = 1 + bytes.Count(text[:min(len(text), int(syntax.Offset))], []byte("\n"))
			}
			f.faults = append(f.faults, notJSON(line, err))
			return f
		}
		f.object(line, raw)
		counted = start
	}
	if _, err := decoder.Token(); err != nil {
		f.fault(line, "", "", "the array is not closed: ] is missing")
	}
	if _, err := decoder.Token(); err != io.EOF {
		f.fault(line, "", "", "something follows the array")
	}
	f.pad()
	return f
}

// object adds one object. It goes through the tokens, since a column that stands
// there twice would be lost in a map.
func (f *file) object(line int, text []byte) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		f.fault(line, "", "", fmt.Sprintf("is not a JSON object: %.60q", text))
		return
	}
	rec := record{line: line, cells: make([]string, len(f.columns))}
	seen := make(map[int]bool)
	for decoder.More() {
		name, err := decoder.Token()
		if err != nil {
			f.faults = append(f.faults, notJSON(line, err))
			return
		}
		var value json.RawMessage
		if err := decoder.Decode(&value); err != nil {
			f.faults = append(f.faults, notJSON(line, err))
			return
		}
		column, _ := name.(string)
		i := f.column(column)
		for len(rec.cells) <= i {
			rec.cells = append(rec.cells, "")
		}
		if seen[i] {
			f.fault(line, column, "", "the object has it twice")
		}
		seen[i] = true
		rec.cells[i] = f.cell(line, column, value)
	}
	if _, err := decoder.Token(); err != nil {
		f.faults = append(f.faults, notJSON(line, err))
		return
	}
	if _, err := decoder.Token(); err != io.EOF {
		f.fault(line, "", "", "something follows the object: a line has one object")
		return
	}
	f.records = append(f.records, rec)
}

// column is the index of a column, which may be new.
func (f *file) column(name string) int {
	for i, column := range f.columns {
		if column == name {
			return i
		}
	}
	f.columns = append(f.columns, name)
	return len(f.columns) - 1
}

// cell is a JSON value as the text of a cell. One that is neither a text nor a
// number is kept as it is, unless the tool has to understand it.
func (f *file) cell(line int, column string, value json.RawMessage) string {
	switch value[0] {
	case 'n':
		return ""
	case '"':
		var text string
		_ = json.Unmarshal(value, &text) // the decoder has read it before
		if strings.Contains(text, "\ufffd") && !bytes.Contains(value, []byte("\ufffd")) {
			f.fault(line, column, text, `has half a surrogate pair, such as \ud800`)
		}
		return strings.TrimSpace(text)
	case '{', '[', 't', 'f':
		for _, known := range Columns() {
			if Normal(column) == known {
				f.fault(line, column, string(value), "is neither a text nor a number")
			}
		}
	}
	return string(value)
}

// pad gives each record a cell for columns that came up later.
func (f *file) pad() {
	for i := range f.records {
		for len(f.records[i].cells) < len(f.columns) {
			f.records[i].cells = append(f.records[i].cells, "")
		}
	}
}

func notJSON(line int, err error) Fault {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return Fault{Line: line, Text: "the JSON ends in the middle of an object"}
	}
	return Fault{Line: line, Text: "is not JSON: " + err.Error()}
}
