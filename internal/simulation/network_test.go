package simulation_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptrace"
	"strings"
	"syscall"
	"testing/iotest"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/faults"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
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
	var body []byte
	if req.Body != nil {
		var err error
		if body, err = io.ReadAll(req.Body); err != nil {
			return nil, err
		}
		req.Body.Close()
	}
	send := n.reads
	if vendortest.IsCopy(req.Method, req.URL.Path) {
		send = n.copies
	}
	resp, err := send(req, body, callOf(req.Context()))
	if resp != nil && n.http2 {
		resp.Proto, resp.ProtoMajor, resp.ProtoMinor = "HTTP/2.0", 2, 0
	}
	return resp, err
}

// reads passes a read on. It meets a suspension, as everything of a process does.
func (n *network) reads(req *http.Request, body []byte, call *call) (*http.Response, error) {
	if err := n.process.gate(); err != nil {
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
		return cut(resp), nil
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
	f := n.fault(call)
	if f.Name != "" {
		call.log("%s", f.Name)
	}
	if f.Unsent {
		httptrace.ContextClientTrace(ctx).GetConn(req.URL.Host)
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	}
	n.connect(req)
	if f.Late {
		late := call.upTo(w.latest(n.service))
		w.flying.Go(func() {
			time.Sleep(late)
			n.make(req, body, call, life)
		})
	}
	if f.Err != nil && !f.Made {
		return nil, cmp.Or(pause(ctx, call.upTo(5*time.Second)), f.Err)
	}
	if f.Status != 0 && !f.Made {
		return answer(req, f.Status, f.Body, f.Header), nil
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
	if err := pause(ctx, call.upTo(3*time.Second)+f.Slow); err != nil {
		return nil, err
	}
	httptrace.ContextClientTrace(ctx).GotFirstResponseByte()
	call.claimed = call.claimed || made && f.Outcome == agentcopy.OutcomeCopied
	switch {
	case f.Err != nil:
		return nil, f.Err
	case f.Cut:
		return cut(resp), nil
	case f.Status != 0 && (made || !f.Twice && f.Outcome != agentcopy.OutcomeCopied):
		return answer(req, f.Status, f.Body, f.Header), nil
	}
	return resp, nil
}

// fault is what a copy request meets; the zero Fault is nothing.
func (n *network) fault(call *call) (f faults.Fault) {
	if n.process.calm {
		return f
	}
	roll := call.below(100)
	for _, f := range faults.All {
		if roll -= f.Share; roll < 0 {
			f.Late = f.Late && n.service.limiter == nil // documented: such a request may come after its place is free
			return f
		}
	}
	return f
}

// cut is resp whose body breaks off in the middle.
func cut(resp *http.Response) *http.Response {
	whole, _ := io.ReadAll(resp.Body)
	resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), iotest.ErrReader(io.ErrUnexpectedEOF)))
	return resp
}

// make has the vendor work on a copy request, no matter who waits for it, and notes what
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
	if resp.StatusCode == http.StatusTooManyRequests {
		n.process.world.violate(call.key, "the limit is exceeded: %s", whole)
	}
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
	if most := n.service.servers; most > 0 {
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			date = date.Add(callOf(req.Context()).upTo(2*most) - most)
			resp.Header.Set("Date", date.Format(http.TimeFormat))
		}
	}
	return resp, nil
}

// connect tells the hooks that the request has left.
func (n *network) connect(req *http.Request) {
	t := httptrace.ContextClientTrace(req.Context())
	t.GetConn(req.URL.Host)
	conn, _ := net.Pipe()
	t.GotConn(httptrace.GotConnInfo{Conn: conn})
	t.WroteHeaders()
	t.WroteRequest(httptrace.WroteRequestInfo{})
}

// answer is one that somebody on the way gives.
func answer(req *http.Request, status int, body string, h http.Header) *http.Response {
	header := http.Header{"Date": {time.Now().UTC().Format(http.TimeFormat)}}
	maps.Copy(header, h)
	return &http.Response{
		StatusCode: status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: req,
		Header: header, ContentLength: int64(len(body)), Body: io.NopCloser(strings.NewReader(body)),
	}
}

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
