package main

import (
	"context"
	"os"
	"os/signal"
	"sync/atomic"
	"syscall"
)

// interrupts turns Ctrl-C into a way to stop that fits: the first one closes
// stop, the second one ends the context, and the third one kills the program.
type interrupts struct {
	context.Context
	stop  chan struct{}
	seen  atomic.Bool
	close func()
}

// watchInterrupts begins to listen. first is called when the first one comes.
func watchInterrupts(first func()) *interrupts {
	ctx, cancel := context.WithCancel(context.Background())
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	i := &interrupts{Context: ctx, stop: make(chan struct{})}
	i.close = func() {
		signal.Stop(signals)
		cancel()
	}
	go func() {
		select {
		case <-signals:
			i.seen.Store(true)
			close(i.stop)
			first()
		case <-ctx.Done():
			return
		}
		select {
		case <-signals:
			signal.Stop(signals)
			cancel()
		case <-ctx.Done():
		}
	}()
	return i
}
