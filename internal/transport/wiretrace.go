package transport

import (
	"context"
	"errors"
	"net"
	"net/http/httptrace"
	"os"
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
	mu    sync.Mutex
	first string // where the first connection was asked for: the origin, or a proxy
	proxy bool   // it was a proxy

	sought  atomic.Bool // a connection was asked for: the transport reports to us
	got     atomic.Bool // a connection was obtained
	http2   atomic.Bool // and it speaks HTTP/2: the headers are about to be written
	written atomic.Bool // the headers were written
	again   atomic.Bool // and then another connection was asked for
	// resent is set, and stop called, when net/http is about to send a copy a
	// second time by itself. stop ends the attempt.
	resent atomic.Bool
	stop   context.CancelFunc

	hooks httptrace.ClientTrace
}

// errResent ends an attempt that net/http was about to send again in silence.
// Its HTTP/2 client does so after RST_STREAM with PROTOCOL_ERROR, which promises
// nothing, and after REFUSED_STREAM and GOAWAY, whose promise proxies break: see
// proof.
var errResent = errors.New("the server broke the HTTP/2 stream, and the request was not sent a second time")

// watch returns a context whose request, to addr, t watches. stop ends that
// request.
func (t *wireTrace) watch(ctx context.Context, addr string, stop context.CancelFunc, copies bool) context.Context {
	t.stop = stop
	t.hooks.GetConn = func(to string) { t.seek(to, addr) }
	t.hooks.GotConn = func(httptrace.GotConnInfo) {
		t.got.Store(true)
		// HTTP/1 sends again only what provably never left.
		if copies && t.again.Load() && t.http2.Load() {
			t.resent.Store(true)
			t.stop()
		}
	}
	t.hooks.WroteHeaderField = func(name string, _ []string) {
		if name != "" && name[0] == ':' { // a pseudo header, as only HTTP/2 has them
			t.http2.Store(true)
		}
	}
	t.hooks.WroteHeaders = func() { t.written.Store(true) }
	return httptrace.WithClientTrace(ctx, &t.hooks)
}

// seek notes that a connection was asked for. A dialer that looks names up over
// HTTPS asks for connections as well, with the context of the request: those lead
// elsewhere.
func (t *wireTrace) seek(to, addr string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.sought.Swap(true) {
		t.first, t.proxy = to, to != addr
	} else if t.written.Load() && (to == t.first || to == addr) {
		t.again.Store(true)
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
