package manifest

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// readCSV reads the records of a CSV file with a header line. Its separator is a
// comma, a semicolon or a tab: spreadsheets differ by country.
func readCSV(r *bufio.Reader) ([]record, []Fault, error) {
	reader := csv.NewReader(r)
	reader.Comma = separator(r)
	reader.FieldsPerRecord = -1 // or one line too short would spoil its neighbours
	header, err := reader.Read()
	if err == io.EOF {
		return nil, []Fault{{1, "", "the file is empty"}}, nil
	}
	if fault, ok := csvFault(err); ok {
		return nil, []Fault{fault}, nil
	}
	if err != nil {
		return nil, nil, err
	}
	columns, faults := columnsOf(header)
	if len(faults) > 0 {
		return nil, faults, nil // each line would only repeat them
	}
	var records []record
	for {
		cells, err := reader.Read()
		if err == io.EOF {
			return records, faults, nil
		}
		if fault, ok := csvFault(err); ok {
			faults = append(faults, fault)
			continue
		}
		if err != nil {
			return nil, nil, err
		}
		line, _ := reader.FieldPos(0)
		if len(cells) != len(columns) {
			faults = append(faults, Fault{line, "", fmt.Sprintf("has %d cells where the header has %d columns", len(cells), len(columns))})
			continue
		}
		if rec := recordOf(line, columns, cells); len(rec.cells) > 0 {
			records = append(records, rec)
		}
	}
}

// csvFault is what a csv.Reader says of a line, which does not keep it from
// reading the next.
func csvFault(err error) (Fault, bool) {
	e, ok := errors.AsType[*csv.ParseError](err)
	if !ok {
		return Fault{}, false
	}
	text := e.Err.Error()
	switch {
	case errors.Is(e.Err, csv.ErrQuote):
		text = `a quote is not closed, or stands alone: write "" for a quote within quotes`
	case errors.Is(e.Err, csv.ErrBareQuote):
		text = `a quote within a cell that has none around it: put "..." around the cell, and "" for the quote`
	}
	return Fault{e.StartLine, "", text}, true
}

// separator is the one that the header uses.
func separator(r *bufio.Reader) rune {
	seen, _ := r.Peek(r.Size())
	header, _, _ := strings.Cut(string(seen), "\n")
	for _, candidate := range ",;\t" {
		if strings.ContainsRune(header, candidate) {
			return candidate
		}
	}
	return ','
}

// columnsOf reads the header.
func columnsOf(header []string) (columns []string, faults []Fault) {
	for _, text := range header {
		column := strings.ToLower(strings.TrimSpace(text))
		switch {
		case !isColumn(column):
			faults = append(faults, Fault{1, "", unknownColumn(column)})
		case slices.Contains(columns, column):
			faults = append(faults, Fault{1, column, "the header has it twice"})
		}
		columns = append(columns, column)
	}
	for _, column := range []string{providerColumn, sourceColumn} {
		if !slices.Contains(columns, column) {
			faults = append(faults, Fault{1, column, "the header lacks it"})
		}
	}
	return columns, faults
}

func recordOf(line int, columns, cells []string) record {
	rec := record{line, make(map[string]string)}
	for i, column := range columns {
		if text := strings.TrimSpace(cells[i]); text != "" {
			rec.cells[column] = text
		}
	}
	return rec
}
