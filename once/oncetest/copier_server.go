package oncetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/url"
	"slices"
	"strconv"
	"sync"
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

	mu     sync.Mutex
	agents []held
	copies []time.Time // when copy requests arrived
	reads  int
	moved  int // requests that followed a redirect
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
	silent   bool  // the answer takes an hour
}

var (
	errBroken        = errors.New("http2: server sent GOAWAY and closed the connection")
	errReset   error = &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	errDial    error = &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
	errTimeout error = &net.OpError{Op: "read", Net: "tcp", Err: context.DeadlineExceeded}
)

func newVendor(w Wire) *vendor {
	v := &vendor{wire: w, lastID: 7000}
	v.agents = []held{{Agent: Agent{ID: sourceID, Name: "Template of leases", CreatedAt: v.stamp(time.Now().Add(-24 * time.Hour))}}}
	return v
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
func (v *vendor) add(name string, t time.Time) (id string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.lastID++
	a := Agent{ID: strconv.Itoa(v.lastID), Name: name}
	if !t.IsZero() {
		a.CreatedAt = v.stamp(t)
	}
	v.agents = append(v.agents, held{Agent: a})
	return a.ID
}

// sent is when copy requests arrived.
func (v *vendor) sent() []time.Time {
	v.mu.Lock()
	defer v.mu.Unlock()
	return slices.Clone(v.copies)
}

func (v *vendor) requests() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return len(v.copies) + v.reads
}

func (v *vendor) followed() int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.moved
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
	if body != nil {
		defer body.Close()
	}
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
		text, err := readBody(body)
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
		if f != nil && f.silent {
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
		replayable := req.GetBody != nil || body == nil || body == http.NoBody
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

func readBody(body io.Reader) ([]byte, error) {
	if body == nil {
		return nil, nil
	}
	return io.ReadAll(body)
}

// serverRequest is req as a server sees it.
func serverRequest(req *http.Request, body []byte) *http.Request {
	r := req.Clone(req.Context())
	r.URL = &url.URL{Path: req.URL.Path, RawPath: req.URL.RawPath, RawQuery: req.URL.RawQuery}
	r.RequestURI = req.URL.RequestURI()
	if r.Host == "" {
		r.Host = req.URL.Host
	}
	r.GetBody = nil
	return withBody(r, body)
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
	text, _ := readBody(r.Body)
	v.mu.Lock()
	if r.URL.Query().Has(redirected) {
		v.moved++
	}
	v.mu.Unlock()
	source, name, isCopy := v.wire.Copy(withBody(r, text))
	if !isCopy {
		v.mu.Lock()
		v.reads++
		agents := v.visible()
		v.mu.Unlock()
		read := v.wire.Read
		if v.read != nil {
			read = v.read
		}
		read(w, withBody(r, text), agents)
		return w.Result(), nil
	}
	f := v.meet()
	var made Agent
	if f == nil || f.made {
		made = v.make(source, name)
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
	case f.err == nil && !f.silent:
		for key, value := range f.header {
			w.Header().Set(key, value)
		}
		if f.redirect {
			to := *r.URL
			query := to.Query()
			query.Set(redirected, "1")
			to.RawQuery = query.Encode()
			w.Header().Set("Location", to.String())
		}
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, f.body)
	}
	return w.Result(), f
}

// meet notes a copy request, and returns the fault that it meets.
func (v *vendor) meet() *fault {
	v.mu.Lock()
	v.copies = append(v.copies, time.Now())
	n := len(v.copies)
	v.mu.Unlock()
	if v.fault == nil {
		return nil
	}
	return v.fault(n)
}

// make makes a copy.
func (v *vendor) make(source, name string) Agent {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.rename != nil {
		name = v.rename(name)
	}
	v.lastID++
	now := time.Now()
	a := Agent{ID: strconv.Itoa(v.lastID), SourceID: source, Name: name, CreatedAt: v.stamp(now)}
	v.agents = append(v.agents, held{a, now.Add(v.showAfter)})
	return a
}

// visible are the agents that lists show, newest first. The lock is held.
func (v *vendor) visible() (agents []Agent) {
	for _, a := range v.agents {
		if !time.Now().Before(a.visible) {
			agents = append(agents, a.Agent)
		}
	}
	slices.SortStableFunc(agents, func(a, b Agent) int { return b.CreatedAt.Compare(a.CreatedAt) })
	return agents
}
