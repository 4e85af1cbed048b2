package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
)

// isJSON reports whether a file of that name holds JSON.
func isJSON(path string) bool {
	return slices.Contains([]string{".jsonl", ".ndjson", ".json"}, strings.ToLower(filepath.Ext(path)))
}

// checkResults returns an error if the results could not be written.
func checkResults(path string) error {
	if info, err := os.Stat(path); err == nil && info.IsDir() {
		return fmt.Errorf("the results cannot be written: %s is a directory", path)
	}
	if isSpecial(path) { // opening a pipe would wait for its reader
		return nil
	}
	f, err := temporary(path)
	if err != nil {
		return fmt.Errorf("the results cannot be written: %w", err)
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// isSpecial reports whether path is a pipe or a device, which is written to and not
// replaced.
func isSpecial(path string) bool {
	info, err := os.Stat(path)
	return err == nil && !info.Mode().IsRegular()
}

func temporary(path string) (*os.File, error) {
	return os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
}

// writeResults writes the manifest again, with what became of each row. A reader of
// the file sees the old one or the new one, whole.
func writeResults(path string, m *manifest.Manifest, rows []*engine.Row) error {
	encode := resultsCSV
	if isJSON(path) {
		encode = resultsJSON
	}
	if isSpecial(path) {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		return errors.Join(encode(f, m, rows), f.Close())
	}
	f, err := temporary(path)
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // unless it was renamed
	if err := errors.Join(encode(f, m, rows), f.Sync(), f.Chmod(0o644), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// kept are the indexes of the manifest's own columns, and header their names with
// those of the results.
func kept(m *manifest.Manifest) (columns []int, header []string) {
	for i, column := range m.Columns {
		if !slices.Contains(manifest.ResultColumns, manifest.Normal(column)) {
			columns, header = append(columns, i), append(header, column)
		}
	}
	return columns, append(header, manifest.ResultColumns...)
}

// cell is a cell of the manifest as text, or "".
func cell(m *manifest.Manifest, row *manifest.Row, i int) (text string) {
	if i >= 0 && i < len(row.Cells) {
		text = row.Cells[i]
	}
	if m.JSON {
		text, _ = manifest.Text(text)
	}
	return text
}

// outcome is what became of a row, in the order of manifest.ResultColumns.
func outcome(row *engine.Row) []string {
	created := ""
	if !row.Copy.CreatedAt.IsZero() {
		created = row.Copy.CreatedAt.UTC().Format(time.RFC3339)
	}
	return []string{row.Key, string(row.Status), row.Copy.ID, row.Copy.Name, created, strconv.FormatBool(row.Existing), row.Error}
}

func resultsCSV(w io.Writer, m *manifest.Manifest, rows []*engine.Row) error {
	columns, header := kept(m)
	out := csv.NewWriter(w)
	_ = out.Write(header) // Error has it
	for _, row := range rows {
		var cells []string
		for _, i := range columns {
			cells = append(cells, cell(m, row.Row, i))
		}
		cells = append(cells, outcome(row)...)
		for i := range cells {
			cells[i] = manifest.Guard(cells[i])
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}

// resultsJSON keeps the values of a JSON manifest as they are.
func resultsJSON(w io.Writer, m *manifest.Manifest, rows []*engine.Row) error {
	columns, header := kept(m)
	buffered := bufio.NewWriter(w)
	enc := json.NewEncoder(buffered)
	enc.SetEscapeHTML(false)
	for _, row := range rows {
		object := make(map[string]any, len(header))
		for at, i := range columns {
			if i < len(row.Cells) && row.Cells[i] != "" {
				object[header[at]] = row.Cells[i]
				if m.JSON {
					object[header[at]] = json.RawMessage(row.Cells[i])
				}
			}
		}
		for i, text := range outcome(row) {
			if text != "" {
				object[manifest.ResultColumns[i]] = text
			}
		}
		object["existing"] = row.Existing
		if err := enc.Encode(object); err != nil {
			return err
		}
	}
	return buffered.Flush()
}

// readKnown reads from a file of results, if there is one, the IDs of the copies by
// key.
func readKnown(path string) (map[string]string, error) {
	if isSpecial(path) {
		return nil, nil
	}
	m, _, err := readManifest(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	} else if err != nil {
		return nil, fmt.Errorf("the earlier results cannot be read: %w", err)
	}
	known := make(map[string]string)
	status, id := slices.Index(m.Columns, "status"), slices.Index(m.Columns, "copy_id")
	for _, row := range m.Rows {
		if cell(m, row, status) == string(engine.Copied) {
			known[row.Key] = cell(m, row, id)
		}
	}
	return known, nil
}

// writeCauses groups failures that are alike.
func writeCauses(w io.Writer, rows []*engine.Row) {
	groups := make(map[string][]*engine.Row)
	for _, row := range rows {
		if row.Status == engine.Failed || row.Status == engine.InDoubt {
			cause := fmt.Sprintf("%s, %s: %s", words(row.Status), row.Vendor.Name, row.Cause)
			groups[cause] = append(groups[cause], row)
		}
	}
	for _, cause := range slices.Sorted(maps.Keys(groups)) {
		var lines []string
		for _, row := range groups[cause][:min(5, len(groups[cause]))] {
			lines = append(lines, fmt.Sprint(row.Line))
		}
		if len(groups[cause]) > len(lines) {
			lines = append(lines, "...")
		}
		fmt.Fprintf(w, "  %d %s (lines %s)\n      such as: %s\n", len(groups[cause]), cause, strings.Join(lines, ", "), printable(groups[cause][0].Error))
	}
}
