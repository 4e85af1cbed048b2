package agentcopytest

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"
)

// exchange is one request whose client waits for the result. The goroutine that waits
// makes the channel, so that in a testing/synctest bubble it belongs to the bubble,
// wherever the Server was made.
type exchange chan result

// result is what a client sees of an exchange: an answer, or a connection that
// broke.
type result struct {
	answer *answer
	err    error
}

// errDropped is a connection that was closed without an answer. It is an io.EOF,
// as net/http reports it.
var errDropped = fmt.Errorf("agentcopytest: the connection was closed without an answer: %w", io.EOF)

// connect registers an exchange. It returns nil if the server is closed.
func (s *Server) connect() exchange {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	x := make(exchange, 1)
	s.waiting[x] = true
	return x
}

// exchange takes one request through the server and waits for the answer, or
// until ctx ends. The vendor goes on without the client and deals with what it
// received.
func (s *Server) exchange(ctx context.Context, x exchange, r Request, body io.Reader) (*answer, error) {
	go func() {
		var err error
		if r.Body, err = io.ReadAll(body); err != nil {
			s.answer(x, nil, nil, err) // it never arrived as a whole: the vendor does nothing
			return
		}
		s.serve(x, r)
	}()
	select {
	case result := <-x:
		return result.answer, result.err
	case <-ctx.Done():
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.waiting, x) // nothing touches its channel from now on: its bubble may end
		return nil, context.Cause(ctx)
	}
}

// serve deals with one request that was received.
func (s *Server) serve(x exchange, received Request) {
	record := s.record(received)
	route, id, refusal := s.route(received)
	if refusal != nil {
		s.answer(x, record, s.disguise(refusal), nil)
		return
	}
	if s.quirks.Before != nil {
		s.quirks.Before(received.clone())
	}
	c := &call{Request: received, id: id}
	fault := s.nextFault(route)
	var made *answer
	if fault.AfterCopy {
		made = s.process(route, c)
	}
	finish := func() {
		if made == nil && !fault.replaces() {
			made = s.process(route, c)
		}
		s.answer(x, record, fault.spoil(made, s.vendor.copied), errDropped)
	}
	if fault.Delay == 0 {
		finish()
		return
	}
	// No goroutine waits for it: one that did would keep a testing/synctest bubble from
	// ending, and Close could not wake it from outside.
	time.AfterFunc(fault.Delay, finish)
}

// process does what the vendor does with a request. It returns nil if the
// server is closed.
func (s *Server) process(r *route, c *call) *answer {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil
	}
	return s.disguise(s.handle(r, c))
}

// disguise gives an error of the vendor the form that the quirks ask for.
func (s *Server) disguise(out *answer) *answer {
	if out.status < 400 || s.quirks.ErrorAnswer == nil {
		return out
	}
	looks := textAnswer(s.quirks.ErrorAnswer(out.status, string(out.body)))
	for name, values := range out.header {
		if name != "Content-Type" {
			looks.header[name] = values
		}
	}
	return looks
}

// handle does what the vendor does with a request. The lock is held.
func (s *Server) handle(r *route, c *call) *answer {
	credential, refusal := s.authenticate(c.Header)
	if refusal != nil {
		return refusal
	}
	c.now = time.Now()
	if r.copies && s.limit != nil {
		if wait := s.limit.admit(credential, c.now, s.quirks.CountRefused); wait > 0 {
			out := s.vendor.refuse(http.StatusTooManyRequests, s.limit.String())
			s.quirks.RetryAfter.tell(out, wait, c.now)
			return out
		}
	}
	if !r.copies {
		return s.throughCache(r, c)
	}
	out := r.serve(c)
	if out.copied != nil {
		out.copied.At = c.now
		s.copies = append(s.copies, *out.copied)
	}
	return out
}

// answer notes what becomes of the request in its record, and tells the client
// if it still waits. Without an answer the connection breaks with err.
func (s *Server) answer(x exchange, record *Request, out *answer, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if out != nil {
		record.StatusCode = out.status
		out.date(&s.quirks, time.Now())
		err = nil
	}
	s.deliver(x, result{out, err})
}

// deliver hands r to the client that waits for x. The lock is held.
func (s *Server) deliver(x exchange, r result) {
	if s.waiting[x] {
		delete(s.waiting, x)
		x <- r // of capacity 1, and only ever sent to here
	}
}
