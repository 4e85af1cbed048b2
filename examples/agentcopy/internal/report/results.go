package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
)

// Entry is a result as it is written to files.
type Entry struct {
	Line      int           `json:"line,omitempty"`
	Key       string        `json:"key"`
	Provider  string        `json:"provider"`
	SourceID  string        `json:"source_id"`
	Name      string        `json:"name,omitempty"`
	Status    engine.Status `json:"status"`
	ID        string        `json:"id,omitempty"` // of the copy
	CopyName  string        `json:"copy_name,omitempty"`
	CreatedAt string        `json:"created_at,omitempty"`
	Existing  bool          `json:"existing"`
	Error     string        `json:"error,omitempty"`
}

// EntryOf is r as it is written to files.
func EntryOf(r engine.Result) Entry {
	e := Entry{
		Line:     r.Row.Line,
		Key:      r.Row.Key,
		Provider: r.Row.Vendor.Name,
		SourceID: r.Row.Request.SourceID,
		Name:     r.Row.Request.Name,
		Status:   r.Status,
		ID:       r.Copy.ID,
		CopyName: r.Copy.Name,
		Existing: r.Existing,
		Error:    errorText(r),
	}
	if !r.Copy.CreatedAt.IsZero() {
		e.CreatedAt = r.Copy.CreatedAt.UTC().Format(time.RFC3339)
	}
	return e
}

var header = []string{"line", "key", "provider", "source_id", "name", "status", "id", "copy_name", "created_at", "existing", "error"}

func (e Entry) cells() []string {
	return []string{
		strconv.Itoa(e.Line), e.Key, e.Provider, e.SourceID, e.Name, string(e.Status), e.ID, e.CopyName, e.CreatedAt,
		strconv.FormatBool(e.Existing), e.Error,
	}
}

// WriteResults writes results to a file, as JSON lines if its name ends in
// .jsonl and as CSV otherwise. Who reads the file sees the old one or the new
// one, never half of one.
func WriteResults(path string, results []engine.Result) error {
	var content bytes.Buffer
	write := writeCSV
	if IsJSONLines(path) {
		write = writeJSONLines
	}
	err := write(&content, results)
	if err == nil {
		err = replaceFile(path, content.Bytes())
	}
	if err != nil {
		return fmt.Errorf("the results could not be written: %w", err)
	}
	return nil
}

// IsJSONLines reports whether a file of that name holds JSON lines.
func IsJSONLines(path string) bool {
	switch strings.ToLower(filepath.Ext(path)) {
	case ".jsonl", ".ndjson":
		return true
	}
	return false
}

func writeCSV(w io.Writer, results []engine.Result) error {
	out := csv.NewWriter(w)
	if err := out.Write(header); err != nil {
		return err
	}
	for _, r := range results {
		if err := out.Write(EntryOf(r).cells()); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

func writeJSONLines(w io.Writer, results []engine.Result) error {
	enc := json.NewEncoder(w)
	for _, r := range results {
		if err := enc.Encode(EntryOf(r)); err != nil {
			return err
		}
	}
	return nil
}

// replaceFile puts a file in the place of path, whole. What is no file, such as
// a pipe, is written to.
func replaceFile(path string, content []byte) error {
	if info, err := os.Stat(path); err == nil && !info.Mode().IsRegular() {
		return os.WriteFile(path, content, 0)
	}
	temporary, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*")
	if err != nil {
		return err
	}
	defer os.Remove(temporary.Name()) // which has another name if all went well
	_, err = temporary.Write(content)
	if syncErr := temporary.Sync(); err == nil {
		err = syncErr
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
