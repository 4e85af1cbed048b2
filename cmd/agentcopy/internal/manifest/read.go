package manifest

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// file is what a file of any format holds.
type file struct {
	columns []string
	records []record
	faults  []Fault
}

// record is a line of the file. A cell that came from JSON is as it stands there.
type record struct {
	line  int
	cells []string
}

func (f *file) fault(line int, column, value, text string) {
	f.faults = append(f.faults, Fault{line, column, value, text})
}

// readCSV reads a file with a header line. The separator is a comma, a semicolon or
// a tab: spreadsheets differ by country.
func readCSV(text []byte) *file {
	f, skipped := &file{}, 0
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	first = bytes.ToLower(bytes.TrimRight(first, "\r"))
	reader := csv.NewReader(bytes.NewReader(text))
	if sep, ok := bytes.CutPrefix(first, []byte("sep=")); ok { // Excel's
		reader, skipped = csv.NewReader(bytes.NewReader(rest)), 1
		reader.Comma = '\t'
		if len(sep) == 1 {
			reader.Comma = rune(sep[0])
		}
	} else {
		reader.Comma = slices.MaxFunc([]rune{',', ';', '\t'}, func(a, b rune) int {
			return bytes.Count(first, []byte(string(a))) - bytes.Count(first, []byte(string(b)))
		})
	}
	reader.FieldsPerRecord = -1 // a line that is too short is a fault of that line only
	for {
		cells, err := reader.Read()
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			f.fault(parse.StartLine+skipped, "", "", parse.Err.Error()+` (put "..." around a cell with a quote in it, and "" for the quote)`)
			if f.columns == nil {
				return f
			}
			continue
		} else if err != nil { // io.EOF: the text is in memory
			break
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		line, _ := reader.FieldPos(0)
		line += skipped
		switch {
		case f.columns == nil:
			f.columns = cells
		case strings.Join(cells, "") == "":
		case len(cells) != len(f.columns):
			f.fault(line, "", "", fmt.Sprintf("has %d cells where the header has %d columns", len(cells), len(f.columns)))
		default:
			f.records = append(f.records, record{line, cells})
		}
	}
	if f.columns == nil {
		f.fault(1, "", "", "the manifest is empty")
	}
	if slices.Contains(f.columns, "status") && slices.Contains(f.columns, "copy_id") { // results
		for _, rec := range f.records {
			for i, cell := range rec.cells {
				if rest, ok := strings.CutPrefix(cell, "'"); ok && Guard(rest) == cell {
					rec.cells[i] = rest
				}
			}
		}
	}
	return f
}

// Guard makes a cell safe in a spreadsheet, which runs formulas.
func Guard(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// readLines reads JSON objects, one a line.
func readLines(text []byte) *file {
	f, n := &file{}, 0
	for line := range bytes.Lines(text) {
		if n++; len(bytes.TrimSpace(line)) > 0 {
			f.object(n, line)
		}
	}
	return f
}

// readArray reads a JSON array of objects.
func readArray(text []byte) *file {
	f, line := &file{}, 1
	var objects []json.RawMessage
	if err := json.Unmarshal(text, &objects); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line += bytes.Count(text[:min(len(text), int(syntax.Offset))], []byte("\n"))
		}
		f.notJSON(line, err)
	}
	for _, object := range objects {
		before, after, _ := bytes.Cut(text, object)
		line += bytes.Count(before, []byte("\n"))
		f.object(line, object)
		line += bytes.Count(object, []byte("\n"))
		text = after
	}
	return f
}

// object adds one object. It reads the tokens, since a map would lose a column that
// comes twice.
func (f *file) object(line int, text []byte) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		f.fault(line, "", "", fmt.Sprintf("is not a JSON object: %.60q", bytes.TrimSpace(text)))
		return
	}
	rec := record{line: line, cells: make([]string, len(f.columns))}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err == nil {
			err = decoder.Decode(&value)
		}
		if err != nil {
			f.notJSON(line, err)
			return
		}
		column, _ := name.(string)
		i := slices.Index(f.columns, column)
		if i < 0 {
			i, f.columns = len(f.columns), append(f.columns, column)
		}
		for len(rec.cells) <= i {
			rec.cells = append(rec.cells, "")
		}
		if rec.cells[i] != "" {
			f.fault(line, column, "", "the object has it twice")
		}
		rec.cells[i] = string(value)
	}
	if _, err := decoder.Token(); err != nil {
		f.notJSON(line, err)
	} else if _, err := decoder.Token(); err != io.EOF {
		f.fault(line, "", "", "something follows the object: write one object a line")
	}
	f.records = append(f.records, rec)
}

func (f *file) notJSON(line int, err error) {
	f.fault(line, "", "", "is not JSON: "+err.Error())
}

// Text is a JSON value as the text of a cell. why says why the tool cannot use it.
func Text(value string) (text, why string) {
	switch {
	case value == "" || value[0] == 'n': // null
		return "", ""
	case value[0] == '"':
		_ = json.Unmarshal([]byte(value), &text) // which the decoder has read before
		if strings.Contains(text, "\ufffd") && !strings.Contains(value, "\ufffd") {
			return text, `has half a surrogate pair, such as \ud800`
		}
		return strings.TrimSpace(text), ""
	case strings.ContainsRune("{[tf", rune(value[0])):
		return value, "is neither a text nor a number"
	}
	return value, ""
}
