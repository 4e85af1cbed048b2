package report

import (
	"sync"

	"github.com/agentcopy/agentcopy-go/examples/agentcopy/internal/engine"
)

// inTurn lets several goroutines use a Reporter.
type inTurn struct {
	mu    sync.Mutex
	to    Reporter
	ended bool
}

// InTurn returns a Reporter whose methods may be called at any time by anybody.
// What comes after End is dropped.
func InTurn(r Reporter) Reporter { return &inTurn{to: r} }

func (t *inTurn) Begin()                 { t.do(t.to.Begin) }
func (t *inTurn) Result(r engine.Result) { t.do(func() { t.to.Result(r) }) }
func (t *inTurn) Say(text string)        { t.do(func() { t.to.Say(text) }) }

func (t *inTurn) End(s Summary) {
	t.do(func() {
		t.ended = true
		t.to.End(s)
	})
}

func (t *inTurn) do(f func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.ended {
		f()
	}
}
