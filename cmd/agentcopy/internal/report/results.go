package report

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/manifest"
)

// IsJSON reports whether a file of that name holds JSON lines.
func IsJSON(path string) bool {
	ext := strings.ToLower(filepath.Ext(path))
	return ext == ".jsonl" || ext == ".ndjson" || ext == ".json"
}

// CheckResults returns an error if the results could not be written.
func CheckResults(path string) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		if info.IsDir() {
			return fmt.Errorf("the results cannot be written: %s is a directory", path)
		}
		return nil
	}
	probe, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return fmt.Errorf("the results cannot be written: %w", err)
	}
	probe.Close()
	return os.Remove(probe.Name())
}

// WriteResults writes the manifest again, with what became of each row. Who reads the
// file sees the old one or the new one, never half of one.
func WriteResults(path string, m *manifest.Manifest, rows []*engine.Row) error {
	err := replaceFile(path, func(w io.Writer) error {
		if IsJSON(path) {
			return writeJSON(w, m, rows)
		}
		return writeCSV(w, m, rows)
	})
	if err != nil {
		return fmt.Errorf("the results could not be written: %w", err)
	}
	return nil
}

// kept are the indexes of the manifest's own columns, and header their names with
// those of the results.
func kept(m *manifest.Manifest) (columns []int, header []string) {
	for i, column := range m.Columns {
		if name := manifest.Normal(column); name != "key" && !slices.Contains(manifest.ResultColumns, name) {
			columns, header = append(columns, i), append(header, column)
		}
	}
	return columns, append(append(header, "key"), manifest.ResultColumns...)
}

// cells is a row with what became of it.
func cells(row *engine.Row, columns []int) (cells []string) {
	for _, i := range columns {
		cells = append(cells, row.Cells[i])
	}
	created := ""
	if !row.CreatedAt.IsZero() {
		created = row.CreatedAt.UTC().Format(time.RFC3339)
	}
	return append(cells, row.Key, string(row.Status), row.CopyID, row.CopyName, created, strconv.FormatBool(row.Existing), row.Error)
}

func writeCSV(w io.Writer, m *manifest.Manifest, rows []*engine.Row) error {
	columns, header := kept(m)
	out := csv.NewWriter(w)
	_ = out.Write(header) // Error has it
	for _, row := range rows {
		cells := cells(row, columns)
		for i := range cells {
			cells[i] = manifest.Guard(cells[i])
		}
		_ = out.Write(cells)
	}
	out.Flush()
	return out.Error()
}

func writeJSON(w io.Writer, m *manifest.Manifest, rows []*engine.Row) error {
	columns, header := kept(m)
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	for _, row := range rows {
		object := make(map[string]string, len(header))
		for i, cell := range cells(row, columns) {
			if cell != "" {
				object[header[i]] = cell
			}
		}
		if err := enc.Encode(object); err != nil {
			return err
		}
	}
	return nil
}

// ReadClaims reads from a file of results which rows were copied: the IDs of the
// copies, by key. There need not be one.
func ReadClaims(path string) (map[string]string, error) {
	claims := make(map[string]string)
	f, err := os.Open(path)
	if os.IsNotExist(err) {
		return claims, nil
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && !info.Mode().IsRegular() {
		return claims, nil
	}
	m, _, err := manifest.Read(f)
	if err != nil {
		return nil, err
	}
	status, id := slices.Index(m.Columns, "status"), slices.Index(m.Columns, "copy_id")
	if status < 0 || id < 0 {
		return claims, nil
	}
	for _, row := range m.Rows {
		if row.Cells[status] == string(engine.Copied) {
			claims[row.Key] = row.Cells[id]
		}
	}
	return claims, nil
}

// replaceFile puts a file in the place of path, whole. What is no file, such as a
// pipe, is written to.
func replaceFile(path string, write func(io.Writer) error) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		f, err := os.OpenFile(path, os.O_WRONLY, 0)
		if err != nil {
			return err
		}
		defer f.Close()
		return write(f)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // which has another name if all went well
	buffered := bufio.NewWriter(temporary)
	if err = write(buffered); err == nil {
		err = buffered.Flush()
	}
	if err == nil {
		err = temporary.Sync()
	}
	if closeErr := temporary.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Chmod(temporary.Name(), 0o644)
	}
	if err == nil {
		err = os.Rename(temporary.Name(), path)
	}
	return err
}
