package main

import (
	"cmp"
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
)

// The exit codes. A run that a signal stopped ends with 128 and the signal's number.
const (
	exitFailed  = 1 // some rows failed, or were not sent
	exitUsage   = 2 // something must be fixed first, and nothing was sent
	exitInDoubt = 3 // it is not known of some rows whether they were copied
)

// exitError ends the program with a code.
type exitError struct {
	code int
	error
}

// errSaid is the error of an exitError that needs no more words.
var errSaid = errors.New("")

// codeOf is the exit code of an error. An error without one comes from the command
// line, or from before anything was sent.
func codeOf(err error) int {
	if err == nil {
		return 0
	}
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.code
	}
	return exitUsage
}

// exitOf is how a run ends the program. err is what could not be written.
func exitOf(rows []*engine.Row, sig os.Signal, err error) error {
	c, said := engine.Count(rows), cmp.Or(err, errSaid)
	number, stopped := sig.(syscall.Signal)
	switch {
	case stopped:
		return &exitError{128 + int(number), said}
	case c.Of[engine.InDoubt]+c.Of[engine.Ambiguous] > 0:
		return &exitError{exitInDoubt, said}
	case c.Of[engine.Copied] < len(rows), err != nil:
		return &exitError{exitFailed, said}
	}
	return nil
}

// ignoreSignals keeps a run alive when the reader of its output is gone, and when a
// file reaches the limit that ulimit sets: both are errors of a write.
func ignoreSignals() {
	const xfsz = syscall.Signal(25) // SIGXFSZ, which Windows does not have
	signal.Ignore(syscall.SIGPIPE, xfsz)
}

// onSignals calls stop at the first signal, and broken at the second one, which ends
// the context as well. A third one kills the program.
func onSignals(stop, broken func(os.Signal)) (ctx context.Context, first *atomic.Value, end func()) {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	for _, s := range []os.Signal{os.Interrupt, syscall.SIGTERM, syscall.SIGHUP} {
		if !signal.Ignored(s) { // as under nohup
			signal.Notify(signals, s)
		}
	}
	first = new(atomic.Value)
	go func() {
		for _, react := range []func(os.Signal){func(s os.Signal) { first.Store(s); stop(s) }, func(s os.Signal) { signal.Stop(signals); broken(s); cancel() }} {
			select {
			case s := <-signals:
				react(s)
			case <-ctx.Done():
				return
			}
		}
	}()
	return ctx, first, func() { signal.Stop(signals); cancel() }
}
