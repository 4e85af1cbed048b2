package agentcopytest

import (
	"cmp"
	"fmt"
	"net/http"
	"time"

	"github.com/agentcopy/agentcopy-go/internal/check"
)

// Fault is what happens to a copy request instead of a good answer. Pass faults to
// [Server.Inject].
//
// The zero Fault lets a request pass, so a script can make the third request fail:
// Inject(Fault{}, Fault{}, Fault{Status: 500}).
//
// With Status, Body or Drop, no copy is made unless AfterCopy is set. With only
// Delay, Header or Truncate, the vendor handles the request as usual, and the answer
// comes late, with other headers, or cut off.
type Fault struct {
	// Status answers with this status, 200 to 599, and Body, without checking the
	// credential or the rate limit, as a gateway would.
	Status int
	// Header is set on the answer and replaces the vendor's headers of the same names. A
	// name without values removes the header.
	Header http.Header
	// Body is the whole body of the answer. Without Status, the status is the vendor's
	// for a copy. The Content-Type is detected from Body, unless Header has one.
	Body string
	// Delay is how long the vendor takes: before the copy is made, or with
	// AfterCopy, between the copy and the answer. The vendor goes on after the
	// client gives up, so the copy may be made long after the call failed.
	Delay time.Duration
	// AfterCopy makes the copy first and then fails: the dangerous case, where a
	// client that retries the request gets two copies. If the vendor refuses the
	// request, the fault does nothing.
	AfterCopy bool
	// Drop closes the connection without an answer.
	Drop bool
	// Truncate closes the connection after this many bytes of the answer's body, although
	// its Content-Length promises all of them. A shorter body is sent whole.
	Truncate int
}

// Inject queues faults for the next copy requests, one each, in order. They do not
// affect reads, or requests with an unknown path or another method.
//
// It panics if a fault contradicts itself.
func (s *Server) Inject(f ...Fault) {
	for i, fault := range f {
		if nonsense := fault.nonsense(); nonsense != "" {
			misuse("Inject: fault %d: %s", i+1, nonsense)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, fault := range f {
		fault.Header = fault.Header.Clone()
		s.faults = append(s.faults, fault)
	}
}

// nextFault takes the fault that a request meets; reads meet none.
func (s *Server) nextFault(r *route) Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !r.copies || len(s.faults) == 0 {
		return Fault{}
	}
	next := s.faults[0]
	s.faults = s.faults[1:]
	return next
}

// nonsense says what makes no sense in f.
func (f *Fault) nonsense() string {
	answers := f.Status != 0 || f.Body != ""
	switch {
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return fmt.Sprintf("Status %d is not the status of an answer, 200 to 599", f.Status)
	case f.Body != "" && !hasBody(f.Status):
		return fmt.Sprintf("an answer with Status %d has no Body", f.Status)
	case f.Delay < 0:
		return fmt.Sprintf("Delay is negative: %v", f.Delay)
	case f.Truncate < 0:
		return fmt.Sprintf("Truncate is negative: %d", f.Truncate)
	case f.Drop && (answers || f.Truncate != 0 || len(f.Header) != 0):
		return "Drop means no answer at all: Status, Header, Body and Truncate make no sense with it"
	case answers && f.Truncate != 0 && f.Truncate >= len(f.Body):
		return fmt.Sprintf("Truncate %d cuts nothing off a Body of %d bytes", f.Truncate, len(f.Body))
	case f.AfterCopy && !answers && !f.Drop && f.Truncate == 0 && f.Delay == 0:
		return "AfterCopy needs something that goes wrong after the copy: Status, Body, Drop, Truncate or Delay"
	}
	return headerNonsense(f.Header)
}

func headerNonsense(h http.Header) string {
	for name, values := range h {
		switch http.CanonicalHeaderKey(name) {
		case "Content-Length", "Transfer-Encoding", "Connection", "Trailer":
			return fmt.Sprintf("Header %s frames the answer, which is the server's own concern; to cut the body off, use Truncate", name)
		}
		for _, value := range values {
			if !check.HeaderValue(value) {
				return fmt.Sprintf("Header %s holds a control character", name)
			}
		}
	}
	return ""
}

// replaces reports whether the vendor's own answer is not sent.
func (f *Fault) replaces() bool { return f.Status != 0 || f.Body != "" || f.Drop }

// spoil turns the vendor's own answer into what the client gets. made is nil if
// the vendor did nothing; the result is nil if there is no answer. success is
// the status of the vendor's answer to a copy.
func (f *Fault) spoil(made *answer, success int) *answer {
	out := made
	switch {
	case f.AfterCopy && (made == nil || made.copied == nil):
		return made // refused, or closed: there is no copy whose answer could be lost
	case f.Drop:
		return nil
	case f.replaces():
		out = textAnswer(cmp.Or(f.Status, success), f.Body)
	}
	if out == nil {
		return nil // closed
	}
	out.truncate = f.Truncate
	out.override(f.Header)
	return out
}
