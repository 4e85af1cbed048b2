package once

import (
	"cmp"
	"context"
	"iter"
	"runtime"
	"sync"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// Job is one copy of many; see [Runner.All].
type Job struct {
	Key     string
	Copier  agentcopy.Copier
	Request agentcopy.CopyRequest
	// Data is for the caller: it comes back in Result.Job.
	Data any
}

// Result is what became of a [Job].
type Result struct {
	Job  Job
	Copy agentcopy.Copy
	Err  error // as [Runner.Copy] returns it
	// Existing means that the copy existed before this job started, or was found rather
	// than named by the vendor's answer. Over all runs, at most one result with the copy
	// of a key is not Existing.
	Existing bool
}

// All runs jobs through [Runner.Copy], Concurrency at a time, and yields their
// results as they finish. Two jobs with the same key make one copy.
//
// All takes a job from the sequence when it can start it, so the sequence may be long,
// and may still be listing what to copy while the first copies are made. It runs in a
// goroutine of its own.
//
// After a break, or when ctx ends, All takes no more jobs. Started jobs finish
// before All returns: a break drops their results; when ctx ends, Copy returns soon,
// and their results are yielded. A break is therefore as slow as the slowest started
// job and the next step of the sequence: cancel ctx as well to be quicker. A panic or
// runtime.Goexit of the sequence, of a Copier or of the Ledger is passed on to the
// loop. All panics if ctx is nil.
func (r *Runner) All(ctx context.Context, jobs iter.Seq[Job]) iter.Seq[Result] {
	if ctx == nil {
		panic("agentcopy: Runner.All: ctx is nil")
	}
	return func(yield func(Result) bool) {
		b := &batch{
			runner:  r,
			ctx:     ctx,
			slots:   make(chan struct{}, max(1, cmp.Or(r.Concurrency, defaultConcurrency))),
			results: make(chan Result),
			stop:    make(chan struct{}),
		}
		go b.take(jobs)
		defer b.end()
		for result := range b.results {
			if !yield(result) {
				return
			}
		}
	}
}

// batch is one loop over [Runner.All].
type batch struct {
	runner  *Runner
	ctx     context.Context
	slots   chan struct{} // holds an element for each job taken or about to be
	results chan Result   // closed when all jobs are done
	stop    chan struct{} // closed when the loop has ended

	mu       sync.Mutex
	panicked any  // what the sequence, a Copier or the Ledger panicked with first
	exited   bool // one of them panicked or called runtime.Goexit
}

// take starts the jobs, each once there is room for it.
func (b *batch) take(jobs iter.Seq[Job]) {
	var running sync.WaitGroup
	defer func() {
		running.Wait()
		close(b.results)
	}()
	b.guarded(func() {
		if !b.room() {
			return
		}
		for job := range jobs {
			running.Go(func() { b.run(job) })
			if !b.room() {
				return
			}
		}
	})
}

// room waits until another job can be worked on. It returns false when no more
// are to be taken.
func (b *batch) room() bool {
	select {
	case b.slots <- struct{}{}: // when the loop has ended, as well
	case <-b.ctx.Done():
	}
	select {
	case <-b.stop:
		return false
	default:
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.ctx.Err() == nil && !b.exited
	}
}

// run works on one job. Its slot is free when its result has been taken.
func (b *batch) run(job Job) {
	defer func() { <-b.slots }()
	b.guarded(func() {
		result := b.runner.claimed(b.ctx, job.Key, job.Copier, job.Request, (*run).copy)
		result.Job = job
		b.results <- result
	})
}

// guarded calls f, and keeps its panic or exit for the goroutine of the loop, which
// can recover from it.
func (b *batch) guarded(f func()) {
	returned := false
	defer func() {
		panicked := recover()
		b.mu.Lock()
		defer b.mu.Unlock()
		b.exited = b.exited || !returned
		if b.panicked == nil {
			b.panicked = panicked
		}
	}()
	f()
	returned = true
}

// end waits for the started jobs, and passes on a panic or exit.
func (b *batch) end() {
	close(b.stop)
	for range b.results { // until the started jobs have finished
	}
	switch {
	case b.panicked != nil:
		panic(b.panicked)
	case b.exited:
		runtime.Goexit()
	}
}
