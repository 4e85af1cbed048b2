package transport

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"net/http/httptrace"
	"os"
	"slices"
	"sync"
	"sync/atomic"
)

// proof is what can be said of a request that got no answer.
type proof int

const (
	noProof   proof = iota // it may have left
	neverSent              // it provably never left
	wasSent                // it left
)

// wireTrace watches how far a request gets, through net/http/httptrace. Its
// hooks run on the goroutines of the transport.
type wireTrace struct {
	request http.Request    // the one that is watched, as the transport gets it
	expired bool            // its context had ended before: the transport never gets it
	ctx     context.Context // that request is expected to come with
	traced  context.Context // ctx with the hooks
	addr    string          // of the origin, as host:port
	copies  bool
	// stop ends the attempt when a transport is about to send a copy a second time by
	// itself.
	stop context.CancelCauseFunc

	mu    sync.Mutex
	to    string // where a connection was asked for, last before the copy left: the origin, or a proxy
	proxy bool   // the first was asked for elsewhere than at the origin
	// What shows whether the request under way is the copy, or one that the transport
	// makes for itself with the context of the copy: to get a token, say.
	otherHost, otherAgent bool

	sought  atomic.Bool // a connection was asked for: the transport reports to us
	got     atomic.Bool // a connection was obtained
	http2   atomic.Bool // and it speaks HTTP/2: the headers are about to be written
	written atomic.Bool // the headers were written
	sent    atomic.Bool // the copy was written, HTTP/2: its headers were; or the answer began
	again   atomic.Bool // and then another connection was asked for

	hooks httptrace.ClientTrace
}

// errResent ends an attempt that a transport was about to send again in silence.
// The HTTP/2 client of net/http does so after RST_STREAM with PROTOCOL_ERROR, which
// promises nothing, and after REFUSED_STREAM and GOAWAY, whose promise proxies
// break: see proof. Transports that retry do so after answers and errors of all
// kinds.
var errResent = errors.New("the transport was about to send the copy a second time, and was stopped: the first request may have made one")

// prepare makes what watch needs, so that little is left to do right before the wire,
// where the stack is deepest. ctx is what the request comes with unless middleware or a
// Trace changes it; stop ends the attempt.
func (t *wireTrace) prepare(ctx context.Context, addr string, copies bool, stop context.CancelCauseFunc) {
	t.ctx, t.addr, t.copies, t.stop = ctx, addr, copies, stop
	t.hooks = httptrace.ClientTrace{
		GetConn:              t.getConn,
		GotConn:              t.gotConn,
		WroteHeaderField:     t.wroteHeaderField,
		WroteHeaders:         t.wroteHeaders,
		WroteRequest:         t.wroteRequest,
		GotFirstResponseByte: t.leave,
	}
	t.traced = httptrace.WithClientTrace(ctx, &t.hooks)
}

// watch makes of req, and the context it goes to the transport with, the request that
// is watched.
func (t *wireTrace) watch(ctx context.Context, req *http.Request) {
	if ctx != t.ctx {
		t.ctx, t.traced = ctx, httptrace.WithClientTrace(ctx, &t.hooks)
	}
	t.request = *req.WithContext(t.traced)
	t.expired = ctx.Err() != nil
}

func (t *wireTrace) gotConn(info httptrace.GotConnInfo) {
	t.got.Store(true)
	if t.copies && t.again.Load() {
		t.stop(errResent)
		t.closeConn(info.Conn)
	}
}

func (t *wireTrace) wroteHeaderField(name string, values []string) {
	if name != "" && name[0] == ':' { // a pseudo header, as only HTTP/2 has them
		t.http2.Store(true)
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	switch name {
	case "Host", ":authority":
		t.otherHost = !slices.Contains(values, cmp.Or(t.request.Host, t.request.URL.Host))
	case "User-Agent", "user-agent":
		t.otherAgent = !slices.Contains(values, t.request.UserAgent())
	}
}

func (t *wireTrace) wroteHeaders() {
	t.written.Store(true)
	if t.http2.Load() { // they have left
		t.leave()
	}
}

func (t *wireTrace) wroteRequest(info httptrace.WroteRequestInfo) {
	if info.Err == nil {
		t.leave()
	}
}

// closeConn closes the connection on which a copy was about to be sent a second
// time. The doc of httptrace forbids to touch it. But HTTP/1 may write the request
// before it sees that its context has ended: only ending the context let 4 % of
// such requests through, and closing none of 6,000, plain and with TLS, on Go 1.26
// and 1.27. A connection of HTTP/2 stays open: it carries the requests of
// others, and HTTP/2 checks the context before it writes.
func (t *wireTrace) closeConn(conn net.Conn) {
	secured, ok := conn.(*tls.Conn)
	if conn == nil || t.http2.Load() || ok && secured.ConnectionState().NegotiatedProtocol == "h2" {
		return
	}
	_ = conn.Close() // what fails is closed already
}

// getConn notes that a connection was asked for. A dialer that looks names up over
// HTTPS asks for connections as well, with the context of the request: those lead
// elsewhere.
func (t *wireTrace) getConn(to string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.sought.Swap(true) {
		t.proxy = to != t.addr
	}
	switch {
	case !t.sent.Load():
		t.to, t.otherHost, t.otherAgent = to, false, false
	case to == t.to || to == t.addr:
		t.again.Store(true)
	}
}

// leave notes that the request under way has left, unless nothing of it is that of
// the copy.
func (t *wireTrace) leave() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.to == t.addr || !t.otherHost || !t.otherAgent {
		t.sent.Store(true)
	}
}

func (t *wireTrace) throughProxy() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.proxy
}

// proof says what became of the request, given that it failed with err.
//
// A transport that reports no connection sought tells nothing. One that sought
// a connection and got none sent nothing. One that got a connection and failed
// before it wrote the headers sent nothing either, unless it was interrupted:
// then another of its goroutines may be writing them at this moment. HTTP/1 says
// that it wrote them before they leave its buffer, HTTP/2 after they left: there
// only headers that were not begun are sure not to have left.
//
// What left is not taken back by RST_STREAM with REFUSED_STREAM or by GOAWAY,
// which by RFC 9113 (8.7, 6.8) say that the request was not processed. A proxy
// says so of itself: HAProxy resets a stream that it has no answer for with
// REFUSED_STREAM, also when the server behind it broke the connection after it
// got the request.
func (t *wireTrace) proof(err error, interrupted bool) proof {
	switch {
	case t.written.Load():
		return wasSent
	case t.expired:
		return neverSent
	case t.sought.Load() && !t.got.Load():
		return neverSent
	case t.got.Load() && !t.http2.Load() && !interrupted && !isTimeout(err):
		return neverSent
	}
	return noProof
}

func isTimeout(err error) bool {
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, os.ErrDeadlineExceeded) {
		return true
	}
	timeout, ok := errors.AsType[net.Error](err)
	return ok && timeout.Timeout()
}
