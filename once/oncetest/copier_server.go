package oncetest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"syscall"
	"testing/iotest"
	"time"
)

// vendor is the vendor that the tests play, in memory: a transport that answers.
type vendor struct {
	wire Wire

	// What the tests set before the first request.
	ahead        time.Duration // the vendor's clock
	wholeSeconds bool          // of stamps
	showAfter    time.Duration // when a copy shows in lists
	rename       func(string) string
	fault        func(n int) *fault // of the n-th copy request, from 1; nil for none
	read         func(w http.ResponseWriter, r *http.Request, agents []Agent)
	silent       bool // answers take an hour

	// Requests: all, those for a copy, and those that followed a redirect.
	requests, sent, followed atomic.Int64

	mu     sync.Mutex
	agents []held
	lastID int
}

type held struct {
	Agent
	visible time.Time
}

// fault is what becomes of one copy request.
type fault struct {
	made     bool // the copy is made
	status   int  // 0: no answer, but err
	header   map[string]string
	body     string
	redirect bool  // to the same place
	cut      bool  // the answer of the vendor is cut off in the middle
	err      error // of the connection
	again    bool  // net/http sends again by itself what it can send again
	unsent   bool  // the request does not arrive
}

var (
	errBroken        = errors.New("http2: server sent GOAWAY and closed the connection")
	errReset   error = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errDial    error = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errTimeout error = &net.OpError{Op: "read", Net: "tcp", Err: context.DeadlineExceeded}
)

func newVendor(w Wire) *vendor {
	source := Agent{ID: sourceID, Name: "Template of leases", CreatedAt: time.Now().Add(-24 * time.Hour).UTC()}
	return &vendor{
		wire: w, lastID: 7000, agents: []held{{Agent: source}},
		fault: func(int) *fault { return nil }, read: w.Read,
	}
}

// stamp is t on the vendor's clock.
func (v *vendor) stamp(t time.Time) time.Time {
	t = t.Add(v.ahead).UTC()
	if v.wholeSeconds {
		return t.Truncate(time.Second)
	}
	return t
}

// add adds an agent that was made at t, on the caller's clock. A zero t is no stamp.
func (v *vendor) add(a Agent, t time.Time) Agent {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lastID++
	a.ID = strconv.Itoa(v.lastID)
	if !t.IsZero() {
		a.CreatedAt = v.stamp(t)
	}
	v.agents = append(v.agents, held{a, t.Add(v.showAfter)})
	return a
}

// made are the copies that were made, in order.
func (v *vendor) made() (copies []Agent) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, a := range v.agents {
		if a.SourceID != "" {
			copies = append(copies, a.Agent)
		}
	}
	return copies
}

// PacingScope keeps the limits and pauses of one test from the others, in the
// clients of this SDK.
func (v *vendor) PacingScope() string { return fmt.Sprintf("oncetest %p", v) }

// RoundTrip implements [http.RoundTripper]. It is as net/http's over HTTP/2.
func (v *vendor) RoundTrip(req *http.Request) (*http.Response, error) {
	body := req.Body
	if body == nil {
		body = http.NoBody
	}
	defer body.Close()
	hooks := httptrace.ContextClientTrace(req.Context())
	if hooks == nil {
		hooks = &httptrace.ClientTrace{}
	}
	for sendings := 1; ; sendings++ {
		if err := context.Cause(req.Context()); err != nil {
			return nil, err
		}
		tell(hooks.GetConn, req.URL.Host)
		tell(hooks.GotConn, httptrace.GotConnInfo{Reused: true})
		if err := context.Cause(req.Context()); err != nil { // a Copier may end it there
			return nil, err
		}
		text, err := io.ReadAll(body)
		if err != nil {
			return nil, err
		}
		if hooks.WroteHeaderField != nil {
			hooks.WroteHeaderField(":method", []string{req.Method})
		}
		if hooks.WroteHeaders != nil {
			hooks.WroteHeaders()
		}
		tell(hooks.WroteRequest, httptrace.WroteRequestInfo{})
		resp, f := v.answer(serverRequest(req, text))
		if v.silent {
			select {
			case <-time.After(time.Hour):
			case <-req.Context().Done():
				return nil, context.Cause(req.Context())
			}
		}
		if f == nil || f.err == nil {
			if hooks.GotFirstResponseByte != nil {
				hooks.GotFirstResponseByte()
			}
			resp.Request = req
			return resp, nil
		}
		// What net/http can read again it sends again, see shouldRetryRequest there.
		replayable := req.GetBody != nil || body == http.NoBody
		if !f.again || !replayable || sendings == 3 {
			return nil, f.err
		}
		if req.GetBody != nil {
			if body, err = req.GetBody(); err != nil {
				return nil, f.err
			}
		}
	}
}

func tell[T any](hook func(T), what T) {
	if hook != nil {
		hook(what)
	}
}

// serverRequest is req as a server sees it.
func serverRequest(req *http.Request, body []byte) *http.Request {
	r := httptest.NewRequestWithContext(req.Context(), req.Method, req.URL.RequestURI(), bytes.NewReader(body))
	r.Header, r.Host = req.Header.Clone(), cmp.Or(req.Host, req.URL.Host)
	return r
}

func withBody(r *http.Request, body []byte) *http.Request {
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	return r
}

// redirected marks where a redirect leads.
const redirected = "oncetest_redirected"

// answer answers a request, and returns the fault that it met.
func (v *vendor) answer(r *http.Request) (*http.Response, *fault) {
	w := httptest.NewRecorder()
	w.Header().Set("Date", time.Now().Add(v.ahead).UTC().Format(http.TimeFormat))
	text, _ := io.ReadAll(r.Body)
	v.requests.Add(1)
	if r.URL.Query().Has(redirected) {
		v.followed.Add(1)
	}
	source, name, isCopy := v.wire.Copy(withBody(r, text))
	if !isCopy {
		v.read(w, withBody(r, text), v.visible())
		return w.Result(), nil
	}
	f := v.fault(int(v.sent.Add(1)))
	var made Agent
	if f == nil || f.made {
		if v.rename != nil {
			name = v.rename(name)
		}
		made = v.add(Agent{SourceID: source, Name: name}, time.Now())
	}
	switch {
	case f == nil:
		v.wire.Made(w, made)
	case f.cut:
		v.wire.Made(w, made)
		resp := w.Result()
		whole, _ := io.ReadAll(resp.Body)
		resp.Body = io.NopCloser(io.MultiReader(bytes.NewReader(whole[:len(whole)/2]), iotest.ErrReader(io.ErrUnexpectedEOF)))
		resp.ContentLength = int64(len(whole))
		return resp, f
	case f.err == nil:
		if f.redirect {
			query := r.URL.Query()
			query.Set(redirected, "1")
			w.Header().Set("Location", r.URL.EscapedPath()+"?"+query.Encode())
		}
		f.write(w)
	}
	return w.Result(), f
}

// write answers with the fault's document.
func (f *fault) write(w http.ResponseWriter) {
	for key, value := range f.header {
		w.Header().Set(key, value)
	}
	w.WriteHeader(f.status)
	_, _ = io.WriteString(w, f.body)
}

// visible are the agents that lists show, newest first.
func (v *vendor) visible() (agents []Agent) {
	v.mu.Lock()
	defer v.mu.Unlock()
	for _, a := range v.agents {
		if !time.Now().Before(a.visible) {
			agents = append(agents, a.Agent)
		}
	}
	slices.SortStableFunc(agents, func(a, b Agent) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return agents
}
