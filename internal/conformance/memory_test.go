package conformance

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"sync"
	"syscall"
	"testing/iotest"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// memory is a transport without a network: it reports to net/http/httptrace how
// far a request gets, as net/http's own does, and puts a fault into effect there.
type memory struct {
	op    *operation
	fault fault
	odd   oddTransport // in place of the fault

	mu       sync.Mutex
	requests int
	copies   int
}

// call makes a call through a client of this transport.
func (m *memory) call(ctx context.Context, client *vendortest.Caller, mode agentcopy.RetryMode) observed {
	copies, requests := m.copies, m.requests
	o := observe(ctx, m.op, mode, client)
	o.copies, o.requests = m.copies-copies, m.requests-requests
	return o
}

func (m *memory) RoundTrip(req *http.Request) (*http.Response, error) {
	m.mu.Lock()
	f := m.fault
	if f.times > 0 && m.requests >= f.times {
		f = fault{made: true}
	}
	m.requests++
	isCopy := vendortest.IsCopy(req.Method, req.URL.Path)
	if m.odd != nil && isCopy {
		m.copies++
	}
	m.mu.Unlock()
	if m.odd != nil {
		return m.odd(req, m.op.Answers)
	}

	trace := httptrace.ContextClientTrace(req.Context())
	trace.GetConn("memory:443")
	switch {
	case f.at == atDial && f.dial != nil:
		return nil, f.dial
	case f.at == atDial:
		return nil, m.broken(req, f, dialError(syscall.ECONNREFUSED))
	case f.untrusted:
		return nil, &tls.CertificateVerificationError{Err: x509.UnknownAuthorityError{}}
	case f.at == atHandshake:
		return nil, m.broken(req, f, io.EOF)
	}
	trace.GotConn(httptrace.GotConnInfo{})
	trace.WroteHeaders()
	var body []byte
	if req.Body != nil {
		body, _ = io.ReadAll(req.Body)
		_ = req.Body.Close()
	}
	if f.at == atAccept || f.at == atRequestHeader || f.at == atRequestBody && len(body) > 0 {
		return nil, m.broken(req, f, io.EOF)
	}
	if f.made && isCopy {
		m.mu.Lock()
		m.copies++
		m.mu.Unlock()
	}
	if f.at == atReceipt || f.at == atRequestBody || f.at == atHeader {
		return nil, m.broken(req, f, io.EOF)
	}
	return m.answer(req, f), nil
}

// broken is what a client sees of a connection that breaks.
func (m *memory) broken(req *http.Request, f fault, end error) error {
	switch f.breaks {
	case reset:
		return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	case stalled:
		<-req.Context().Done()
		return context.Cause(req.Context())
	}
	return end
}

func (m *memory) answer(req *http.Request, f fault) *http.Response {
	resp, body := f.answer.render(m.op.Answers)
	resp.Request = req
	out := &memoryBody{memory: m, req: req, fault: f, rest: bytes.NewReader(f.sent(body))}
	resp.Body = io.NopCloser(out)
	if resp.Header.Get("Content-Encoding") == "gzip" { // net/http unpacks what it asked for itself
		unpacked, err := gzip.NewReader(out)
		if resp.Body = unpacked; err != nil {
			resp.Body = io.NopCloser(iotest.ErrReader(err))
		}
		resp.ContentLength, resp.Uncompressed = -1, true
		resp.Header.Del("Content-Encoding")
	}
	return resp
}

// memoryBody is the body of an answer, with the pace and the end of its fault.
type memoryBody struct {
	memory *memory
	req    *http.Request
	fault  fault
	rest   *bytes.Reader
}

func (b *memoryBody) Read(p []byte) (int, error) {
	if b.fault.answer.pace > 0 {
		p = p[:1]
		select {
		case <-time.After(b.fault.answer.pace):
		case <-b.req.Context().Done():
			return 0, context.Cause(b.req.Context())
		}
	}
	n, err := b.rest.Read(p)
	if err == io.EOF && (b.fault.at != atEnd || b.fault.answer.length == tooLong) {
		err = b.memory.broken(b.req, b.fault, io.ErrUnexpectedEOF)
	}
	return n, err
}
