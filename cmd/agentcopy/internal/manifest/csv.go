package manifest

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// readCSV reads a CSV file with a header line. Its separator is a comma, a
// semicolon or a tab: spreadsheets differ by country.
func readCSV(text []byte) *file {
	f := &file{}
	skipped := 0
	first, rest, _ := bytes.Cut(text, []byte("\n"))
	first = bytes.TrimRight(first, "\r")
	comma := separator(string(first))
	if sep, ok := bytes.CutPrefix(bytes.ToLower(first), []byte("sep=")); ok { // Excel's
		comma, text, skipped = '\t', rest, 1
		if len(sep) == 1 {
			comma = rune(sep[0])
		}
	}
	reader := csv.NewReader(bytes.NewReader(text))
	reader.Comma = comma
	reader.FieldsPerRecord = -1 // or one line too short would spoil its neighbours
	for {
		cells, err := reader.Read()
		if err == io.EOF {
			break
		}
		if err != nil {
			f.faults = append(f.faults, csvFault(err, skipped))
			if f.columns == nil {
				return f
			}
			continue
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
	f.unguard()
	return f
}

// unguard takes away what [Guard] put before cells, in a file of results.
func (f *file) unguard() {
	found := 0
	for _, column := range f.columns {
		if column == "status" || column == "copy_id" {
			found++
		}
	}
	if found < 2 {
		return
	}
	for _, rec := range f.records {
		for i, cell := range rec.cells {
			if rest, ok := strings.CutPrefix(cell, "'"); ok && Guard(rest) == cell {
				rec.cells[i] = rest
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

func csvFault(err error, skipped int) Fault {
	e, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return Fault{Line: 1, Text: err.Error()}
	}
	text := e.Err.Error()
	switch {
	case errors.Is(e.Err, csv.ErrQuote):
		text = `a quote is not closed, or stands alone: write "" for a quote within quotes`
	case errors.Is(e.Err, csv.ErrBareQuote):
		text = `a quote within a cell that has none around it: put "..." around the cell, and "" for the quote`
	}
	return Fault{Line: e.StartLine + skipped, Text: text}
}

// separator is the one that the header uses most.
func separator(header string) rune {
	best := ','
	for _, candidate := range ";\t" {
		if strings.Count(header, string(candidate)) > strings.Count(header, string(best)) {
			best = candidate
		}
	}
	return best
}

func quoted(text string) string { return strconv.Quote(text) }
