package simulation_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"strconv"
	"syscall"
	"time"
)

// network is the road from one process to a service: what is lost, late, refused or
// answered by somebody else on the way.
type network struct {
	process *process
	service *service
	scope   string
	http2   bool
}

// PacingScope keeps the pauses of one process from all others.
func (n *network) PacingScope() string { return n.scope }

var errReset = &net.OpError{Op: "read", Net: "simulation", Err: syscall.ECONNRESET}

func (n *network) RoundTrip(req *http.Request) (*http.Response, error) {
	resp, err := n.roundTrip(req)
	if resp != nil && n.http2 {
		resp.Proto, resp.ProtoMajor, resp.ProtoMinor = "HTTP/2.0", 2, 0
	}
	return resp, err
}

func (n *network) roundTrip(req *http.Request) (*http.Response, error) {
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	call := callOf(req.Context())
	if isCopy(req) {
		return n.copies(req, body, call)
	}
	return n.reads(req, body, call)
}

// reads passes a read on. It meets a suspension, as everything of a process does.
func (n *network) reads(req *http.Request, body []byte, call *call) (*http.Response, error) {
	if err := n.process.gate(req.Context()); err != nil {
		return nil, err
	}
	n.connect(req)
	if err := pause(req.Context(), call.upTo(400*time.Millisecond)); err != nil {
		return nil, err
	}
	if n.process.calm {
		return n.deliver(req, body)
	}
	switch call.below(30) {
	case 0:
		return nil, errReset
	case 1:
		return answer(req, 503, "", nil), nil
	case 2:
		if err := pause(req.Context(), call.upTo(20*time.Second)); err != nil {
			return nil, err
		}
	case 3: // the answer is cut off
		resp, err := n.deliver(req, body)
		if err != nil {
			return nil, err
		}
		whole, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), broken{}))
		return resp, nil
	}
	return n.deliver(req, body)
}

// copies passes a copy request on, or loses it, or its answer. A suspension does not
// fall between the last write to the ledger and the wire: that gap is documented.
func (n *network) copies(req *http.Request, body []byte, call *call) (*http.Response, error) {
	w, ctx := n.process.world, req.Context()
	if n.process.dead() {
		return nil, errCrashed
	}
	life := w.lifeOf(call.key) // before it leaves
	if req.GetBody != nil && n.http2 {
		w.violate(call.key, "GetBody is set on a copy request: HTTP/2 may send it again by itself")
	}
	if call.claimed {
		w.violate(call.key, "sent again although an answer said that the copy was made")
	}
	if call.seen != "" && w.isFree(n.service, call.seen) {
		w.violate(call.key, "sent again although a look had shown %s, which is hidden now", call.seen)
	}
	fate := call.below(100)
	if n.process.calm {
		fate = 99
	}
	if fate < 4 { // nothing left
		call.log("the connection is refused")
		traceOf(ctx).GetConn(req.URL.Host)
		return nil, &net.OpError{Op: "dial", Net: "simulation", Err: syscall.ECONNREFUSED}
	}
	n.connect(req)
	switch {
	case fate < 10:
		call.log("the request is lost")
		return n.lost(ctx, call)
	case fate < 14:
		call.log("the gateway says 429")
		return answer(req, 429, `{"error":"slow down"}`, http.Header{"Retry-After": {"2"}}), nil
	case fate < 17:
		call.log("the gateway says 503, and passes nothing on")
		return answer(req, 503, "", http.Header{"Retry-After": {"1"}}), nil
	case fate < 19:
		call.log("refused: 403")
		return answer(req, 403, `{"error":"no"}`, nil), nil
	case fate < 26:
		late := call.upTo(w.latest(n.service))
		call.log("the request is held for %v, the caller sees a reset", late)
		w.flying.Go(func() {
			time.Sleep(late)
			n.make(req, body, call, life)
		})
		return n.lost(ctx, call)
	}
	if err := pause(ctx, call.upTo(3*time.Second)); err != nil {
		call.log("the caller went away: %v", err)
		w.flying.Go(func() { n.make(req, body, call, life) })
		return nil, err
	}
	made, resp, err := n.make(req, body, call, life)
	if err != nil {
		return nil, err
	}
	if err := pause(ctx, call.upTo(3*time.Second)); err != nil {
		return nil, err
	}
	spoilt := func(status int, text string, h http.Header) (*http.Response, error) {
		call.log("the answer is lost: %d %q in its place", status, text)
		traceOf(ctx).GotFirstResponseByte()
		return answer(req, status, text, h), nil
	}
	switch {
	case fate < 40:
		call.log("the answer is lost")
		return nil, errReset
	case fate < 44:
		return spoilt(503, "<html>Backend fetch failed", http.Header{"Retry-After": {"1"}})
	case fate < 47:
		return spoilt(pick(call.random, 500, 502, 504, 408, 499, 303, 302), "<html>", nil)
	case fate < 50: // the gateway sent it twice, and gives the second answer
		if made {
			return spoilt(pick(call.random, 409, 422, 400), `{"error":"an agent with this name already exists"}`, nil)
		}
	case fate < 52:
		if made {
			call.claimed = true
			return spoilt(200, "", nil)
		}
	case fate < 54:
		return spoilt(200, "<html>Welcome", nil)
	case fate < 56:
		return spoilt(403, "<html>Blocked by content rules", nil) // a proxy that refused the answer
	case fate < 58:
		if err := pause(ctx, 70*time.Second); err != nil {
			return nil, err
		}
	}
	traceOf(ctx).GotFirstResponseByte()
	return resp, nil
}

// lost is a request that gets no answer.
func (n *network) lost(ctx context.Context, call *call) (*http.Response, error) {
	if err := pause(ctx, call.upTo(5*time.Second)); err != nil {
		return nil, err
	}
	return nil, errReset
}

// make has the vendor work on a copy request, whoever waits for it, and notes what
// it made.
func (n *network) make(req *http.Request, body []byte, call *call, life int) (made bool, resp *http.Response, err error) {
	resp, err = n.deliver(req, body)
	if err != nil {
		return false, nil, err
	}
	whole, err := io.ReadAll(resp.Body)
	if err != nil {
		return false, nil, err
	}
	resp.Body = io.NopCloser(bytes.NewReader(whole))
	id := n.service.madeID(resp.StatusCode, whole)
	if id != "" {
		n.process.world.copied(n.service, call.key, id, life)
	} else {
		call.log("the vendor refuses: %d", resp.StatusCode)
	}
	return id != "", resp, nil
}

// deliver hands a request to the fake.
func (n *network) deliver(req *http.Request, body []byte) (*http.Response, error) {
	inner := req.Clone(context.Background())
	inner.Body = io.NopCloser(bytes.NewReader(body))
	resp, err := n.service.inner.RoundTrip(inner)
	if err != nil {
		return nil, err
	}
	resp.Request = req
	return resp, nil
}

// connect tells the hooks that the request has left.
func (n *network) connect(req *http.Request) {
	t := traceOf(req.Context())
	t.GetConn(req.URL.Host)
	conn, _ := net.Pipe()
	t.GotConn(httptrace.GotConnInfo{Conn: conn})
	t.WroteHeaders()
	t.WroteRequest(httptrace.WroteRequestInfo{})
}

func traceOf(ctx context.Context) httptrace.ClientTrace {
	t := httptrace.ClientTrace{}
	if given := httptrace.ContextClientTrace(ctx); given != nil {
		t = *given
	}
	if t.GetConn == nil {
		t.GetConn = func(string) {}
	}
	if t.GotConn == nil {
		t.GotConn = func(httptrace.GotConnInfo) {}
	}
	if t.WroteHeaders == nil {
		t.WroteHeaders = func() {}
	}
	if t.WroteRequest == nil {
		t.WroteRequest = func(httptrace.WroteRequestInfo) {}
	}
	if t.GotFirstResponseByte == nil {
		t.GotFirstResponseByte = func() {}
	}
	return t
}

// answer is one that somebody on the way gives.
func answer(req *http.Request, status int, body string, h http.Header) *http.Response {
	header := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}}
	for name, values := range h {
		header[name] = values
	}
	return &http.Response{
		Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader([]byte(body))), Request: req,
	}
}

type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }

var errCrashed = errors.New("the process has crashed")

// pause waits for d, or until ctx ends.
func pause(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
