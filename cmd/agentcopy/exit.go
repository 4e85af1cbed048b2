package main

import (
	"context"
	"errors"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"

	"github.com/agentcopy/agentcopy-go/cmd/agentcopy/internal/engine"
)

// The exit codes. One that a signal ended has 128 and the signal's number.
const (
	exitFailed  = 1 // some rows failed, or were not sent
	exitUsage   = 2 // something is to be fixed first, and nothing was sent
	exitInDoubt = 3 // of some rows it is not known whether they were copied
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

// codeOf is the exit code of an error. One that says none of its own comes from the
// command line, or from before anything was sent.
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
	c, code := engine.Count(rows), 0
	switch number, ok := sig.(syscall.Signal); {
	case ok:
		code = 128 + int(number)
	case c.Of[engine.InDoubt]+c.Of[engine.Ambiguous] > 0:
		code = exitInDoubt
	case c.Of[engine.Copied] < len(rows), err != nil:
		code = exitFailed
	default:
		return nil
	}
	return &exitError{code, err}
}

// interrupts turns signals into a way to stop that fits: the first one asks the run
// to stop, the second one ends the context, and the third one kills the program.
type interrupts struct {
	context.Context
	first atomic.Value // os.Signal
	close func()
}

// watchInterrupts begins to listen. stop is called when the first signal comes,
// broken when the second one does.
func watchInterrupts(stop, broken func(os.Signal)) *interrupts {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	i := &interrupts{Context: ctx}
	i.close = func() {
		signal.Stop(signals)
		cancel()
	}
	go func() {
		select {
		case s := <-signals:
			i.first.Store(s)
			stop(s)
		case <-ctx.Done():
			return
		}
		select {
		case s := <-signals:
			signal.Stop(signals)
			broken(s)
			cancel()
		case <-ctx.Done():
		}
	}()
	return i
}

func (i *interrupts) signal() os.Signal {
	s, _ := i.first.Load().(os.Signal)
	return s
}
