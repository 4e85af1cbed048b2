package manifest

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

// readJSON reads records that are JSON objects, one a line.
func readJSON(r *bufio.Reader) (records []record, faults []Fault, err error) {
	for line := 1; ; line++ {
		text, err := r.ReadBytes('\n')
		if err != nil && err != io.EOF {
			return nil, nil, err
		}
		if text := bytes.TrimSpace(text); len(text) > 0 {
			cells, found := readObject(text)
			for _, f := range found {
				f.Line = line
				faults = append(faults, f)
			}
			if len(found) == 0 {
				records = append(records, record{line, cells})
			}
		}
		if err == io.EOF {
			return records, faults, nil
		}
	}
}

// readObject reads one object. It goes through the tokens, since a column that
// stands there twice would be lost in a map.
func readObject(text []byte) (cells map[string]string, faults []Fault) {
	dec := json.NewDecoder(bytes.NewReader(text))
	dec.UseNumber()
	if open, err := dec.Token(); err != nil || open != json.Delim('{') {
		return nil, []Fault{{Text: "is not a JSON object: a manifest has one object a line, and no list around them"}}
	}
	cells = make(map[string]string)
	seen := make(map[string]bool)
	for dec.More() {
		name, err := dec.Token()
		if err != nil {
			return nil, []Fault{notJSON(err)}
		}
		var value any
		if err := dec.Decode(&value); err != nil {
			return nil, []Fault{notJSON(err)}
		}
		column, _ := name.(string)
		switch text, ok := cellOf(value); {
		case !isColumn(column):
			faults = append(faults, Fault{Text: unknownColumn(column)})
		case seen[column]:
			faults = append(faults, Fault{Column: column, Text: "the object has it twice"})
		case !ok:
			faults = append(faults, Fault{Column: column, Text: "is neither a text nor a number"})
		case text != "":
			cells[column] = text
		}
		seen[column] = true
	}
	if _, err := dec.Token(); err != nil {
		return nil, []Fault{notJSON(err)}
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, []Fault{{Text: "something follows the object: a manifest has one object a line"}}
	}
	return cells, faults
}

func notJSON(err error) Fault {
	if err == io.EOF || err == io.ErrUnexpectedEOF {
		return Fault{Text: "the JSON object is not closed: a manifest has each one on a line of its own"}
	}
	return Fault{Text: fmt.Sprintf("is not JSON: %v", err)}
}

// cellOf is a JSON value as the text of a cell.
func cellOf(value any) (text string, ok bool) {
	switch v := value.(type) {
	case nil:
		return "", true
	case string:
		return strings.TrimSpace(v), true
	case json.Number:
		return v.String(), true
	}
	return "", false
}
