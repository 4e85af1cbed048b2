package report

import (
	"encoding/json"
	"io"
	"time"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
)

// asJSON writes an object a line: one for each result, and one at the end.
type asJSON struct{ enc *json.Encoder }

// JSON returns a Reporter for machines.
func JSON(w io.Writer) Reporter { return &asJSON{json.NewEncoder(w)} }

func (j *asJSON) Begin() {}

func (j *asJSON) Result(r engine.Result) {
	j.write(struct {
		Event string `json:"event"`
		Entry
	}{"result", EntryOf(r)})
}

func (j *asJSON) Say(text string) {
	j.write(struct {
		Event string `json:"event"`
		Text  string `json:"text"`
	}{"notice", text})
}

func (j *asJSON) End(s Summary) {
	j.write(struct {
		Event       string        `json:"event"`
		Counts      engine.Counts `json:"counts"`
		Seconds     float64       `json:"seconds"`
		Interrupted bool          `json:"interrupted"`
		ResultsFile string        `json:"results_file,omitempty"`
		LedgerFile  string        `json:"ledger_file,omitempty"`
	}{"summary", s.Counts, s.Took.Round(time.Millisecond).Seconds(), s.Interrupted, s.ResultsFile, s.LedgerFile})
}

// write writes one object. Who reads it is gone if that fails, and the run goes
// on without.
func (j *asJSON) write(event any) { _ = j.enc.Encode(event) }
