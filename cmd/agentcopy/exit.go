package main

import (
	"errors"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/report"
)

// The exit codes.
const (
	exitFailed      = 1
	exitUsage       = 2 // something is to be mended first, and nothing was sent
	exitUnknown     = 3
	exitInterrupted = 130
)

// exitError ends the program with a code.
type exitError struct {
	code int
	err  error // nil if everything has been said
}

func (e *exitError) Error() string {
	if e.err == nil {
		return ""
	}
	return e.err.Error()
}

func (e *exitError) Unwrap() error { return e.err }

// codeOf is the exit code of an error. One that says none of its own comes from
// the command line, or from before anything was sent.
func codeOf(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitUsage
}

// verdict is how a run ends the program.
func verdict(s report.Summary) error {
	code := 0
	switch {
	case s.Interrupted:
		code = exitInterrupted
	case s.Counts.Unknown > 0:
		code = exitUnknown
	case s.Counts.Failed+s.Counts.NotStarted > 0:
		code = exitFailed
	default:
		return nil
	}
	return &exitError{code: code}
}
