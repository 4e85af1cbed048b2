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

// readCSV reads a file with a header line. The separator is a comma, a semicolon or
// a tab: spreadsheets differ by country.
func (m *Manifest) readCSV(text []byte) {
	first, _, _ := bytes.Cut(text, []byte("\n"))
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma = slices.MaxFunc([]rune{',', ';', '\t'}, func(a, b rune) int {
		return bytes.Count(first, []byte(string(a))) - bytes.Count(first, []byte(string(b)))
	})
	reader.FieldsPerRecord = -1 // a line that is too short is a fault of that line only
	for {
		cells, err := reader.Read()
		if parse, ok := errors.AsType[*csv.ParseError](err); ok {
			m.fault(parse.StartLine, "", "", parse.Err.Error()+` (put "..." around a cell with a quote in it, and "" for the quote)`)
			if m.Columns == nil {
				return
			}
			continue
		} else if err != nil { // io.EOF: the text is in memory
			break
		}
		for i := range cells {
			cells[i] = strings.TrimSpace(cells[i])
		}
		line, _ := reader.FieldPos(0)
		switch {
		case m.Columns == nil && strings.EqualFold(cells[0], "sep="): // Excel's line about the separator
		case m.Columns == nil:
			m.Columns = cells
		case strings.Join(cells, "") == "":
		case len(cells) != len(m.Columns):
			m.fault(line, "", "", fmt.Sprintf("has %d cells where the header has %d columns", len(cells), len(m.Columns)))
		default:
			m.records = append(m.records, &Row{Line: line, Cells: cells})
		}
	}
	if m.Columns == nil {
		m.fault(1, "", "", "the manifest is empty")
	}
	if slices.Contains(m.Columns, "status") && slices.Contains(m.Columns, "copy_id") { // results
		for _, row := range m.records {
			for i, cell := range row.Cells {
				if rest, ok := strings.CutPrefix(cell, "'"); ok && Guard(rest) == cell {
					row.Cells[i] = rest
				}
			}
		}
	}
}

// Guard makes a cell safe in a spreadsheet, which runs formulas.
func Guard(cell string) string {
	if cell != "" && strings.ContainsRune("=+-@\t\r", rune(cell[0])) {
		return "'" + cell
	}
	return cell
}

// readLines reads JSON objects, one a line.
func (m *Manifest) readLines(text []byte) {
	n := 0
	for line := range bytes.Lines(text) {
		if n++; len(bytes.TrimSpace(line)) > 0 {
			m.object(n, line)
		}
	}
}

func (m *Manifest) readArray(text []byte) {
	line := 1
	var objects []json.RawMessage
	if err := json.Unmarshal(text, &objects); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			line += bytes.Count(text[:min(len(text), int(syntax.Offset))], []byte("\n"))
		}
		m.notJSON(line, err)
	}
	for _, object := range objects {
		before, after, _ := bytes.Cut(text, object)
		line += bytes.Count(before, []byte("\n"))
		m.object(line, object)
		line += bytes.Count(object, []byte("\n"))
		text = after
	}
}

// object adds one object. It reads the tokens, since a map would lose a column that
// comes twice.
func (m *Manifest) object(line int, text []byte) {
	m.JSON = true
	decoder := json.NewDecoder(bytes.NewReader(text))
	if open, err := decoder.Token(); err != nil || open != json.Delim('{') {
		m.fault(line, "", "", fmt.Sprintf("is not a JSON object: %.60q", bytes.TrimSpace(text)))
		return
	}
	row := &Row{Line: line, Cells: make([]string, len(m.Columns))}
	for decoder.More() {
		name, err := decoder.Token()
		var value json.RawMessage
		if err == nil {
			err = decoder.Decode(&value)
		}
		if err != nil {
			m.notJSON(line, err)
			return
		}
		column, _ := name.(string)
		i := slices.Index(m.Columns, column)
		if i < 0 {
			i, m.Columns = len(m.Columns), append(m.Columns, column)
		}
		for len(row.Cells) <= i {
			row.Cells = append(row.Cells, "")
		}
		if row.Cells[i] != "" {
			m.fault(line, column, "", "the object has it twice")
		}
		row.Cells[i] = string(value)
	}
	if _, err := decoder.Token(); err != nil {
		m.notJSON(line, err)
	} else if _, err := decoder.Token(); err != io.EOF {
		m.fault(line, "", "", "something follows the object: write one object a line")
	}
	m.records = append(m.records, row)
}

func (m *Manifest) notJSON(line int, err error) {
	m.fault(line, "", "", "is not JSON: "+err.Error())
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
