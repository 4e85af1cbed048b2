package conformance

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// oddTransport is an http.RoundTripper of a user's that keeps to fewer rules
// than net/http's own. It is told the answers of the operation.
type oddTransport func(req *http.Request, docs answers) (*http.Response, error)

// oddRows are those, with what a copy and a read through them come to. The
// server behind each has made the copy, whatever the transport says.
var oddRows = []row{
	{name: "no trace, and a failure", odd: gives(nil, iotest.ErrTimeout), want: wants{1, 3, 3, Unknown}, is: iotest.ErrTimeout},
	{name: "an answer and an error both", want: wants{1, 3, 3, Unknown}, is: iotest.ErrTimeout,
		odd: func(req *http.Request, docs answers) (*http.Response, error) {
			resp, _ := good(func(*http.Response, answers) {})(req, docs)
			return resp, iotest.ErrTimeout
		}},
	{name: "neither answer nor error", odd: gives(nil, nil), want: wants{1, 3, 3, Unknown}},
	{name: "no header", odd: good(func(resp *http.Response, _ answers) { resp.Header = nil }), want: wants{1, 1, 1, Succeeds}},
	{name: "neither header nor body", odd: gives(&http.Response{StatusCode: 200}, nil), want: wants{1, 1, 1, Copied}},
	{name: "a refusal without header and body", odd: gives(&http.Response{StatusCode: 500}, nil),
		want: wants{1, 3, 3, Unknown}, is: agentcopy.ErrServer},
	{name: "no status", odd: gives(&http.Response{}, nil), want: wants{1, 3, 1, Unknown}},
	{name: "a body that fails", want: wants{1, 1, 3, Copied}, is: iotest.ErrTimeout, odd: good(func(resp *http.Response, docs answers) {
		resp.Body = io.NopCloser(io.MultiReader(strings.NewReader(docs.Good[:5]), iotest.ErrReader(iotest.ErrTimeout)))
	})},
	{name: "an error that holds another attempt's context", odd: gives(nil, context.Canceled),
		want: wants{1, 3, 3, Unknown}, is: context.Canceled},
	{name: "it changes the request", want: wants{1, 1, 1, Succeeds}, odd: good(func(resp *http.Response, _ answers) {
		resp.Request.Header.Set("Authorization", "none")
		resp.Request.URL.Host, resp.Request.Method, resp.Request.Body = "elsewhere.example", "PUT", nil
	})},
}

// gives is a transport that gives a copy of resp, and err.
func gives(resp *http.Response, err error) oddTransport {
	return func(*http.Request, answers) (*http.Response, error) {
		if resp == nil {
			return nil, err
		}
		return new(*resp), err
	}
}

// good is a transport that gives the good answer, but for a change.
func good(change func(resp *http.Response, docs answers)) oddTransport {
	return func(req *http.Request, docs answers) (*http.Response, error) {
		body := io.NopCloser(strings.NewReader(docs.Good))
		resp := &http.Response{StatusCode: 200, Header: http.Header{}, Body: body, ContentLength: -1, Request: req}
		change(resp, docs)
		return resp, nil
	}
}

// TestAPanicOfTheTransportHoldsNoPermit: the panic is the caller's to see, and what the call
// held is given back, so that the next one goes through.
func TestAPanicOfTheTransportHoldsNoPermit(t *testing.T) {
	for _, op := range operations {
		limiter := agentcopy.NewWindowLimiter(2, 1)
		m := &memory{op: op, odd: func(*http.Request, answers) (*http.Response, error) { panic(iotest.ErrTimeout) }}
		client := new(row).connect(op, agentcopy.RetrySafe, m, agentcopy.WithLimiter(limiter), agentcopy.WithReadLimiter(limiter))
		for range 3 {
			assert.PanicsWithError(t, iotest.ErrTimeout.Error(), func() { _, _ = client.Do(t.Context()) }, op)
		}
		m.odd = nil
		_, err := client.Do(t.Context())
		assert.NoError(t, err, "%v: after a panic", op)
	}
}

// TestConnectionsAreReused: whatever the answers, the connections of a client that a
// program shares with the SDK stay open and serve the next call: one for a
// sequence of calls in HTTP/1.1, one for all in HTTP/2. A failed call must not
// empty the pool either, as go-retryablehttp by itself would.
func TestConnectionsAreReused(t *testing.T) {
	for _, status := range []int{200, 204, 302, 404, 422, 429, 500, 503} {
		for _, http2 := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d, HTTP/2 %v", status, http2), func(t *testing.T) {
				var connections, closedByClient atomic.Int32
				server := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					_, _ = io.Copy(io.Discard, r.Body)
					w.WriteHeader(status)
					if status != http.StatusNoContent {
						_, _ = io.WriteString(w, strings.Repeat(" ", 3000))
					}
				}))
				server.EnableHTTP2 = http2
				server.Config.ConnState = func(_ net.Conn, s http.ConnState) {
					switch s {
					case http.StateNew:
						connections.Add(1)
					case http.StateClosed:
						closedByClient.Add(1)
					}
				}
				server.StartTLS()
				defer server.Close()
				shared := server.Client()
				defer shared.CloseIdleConnections()
				for _, op := range operations {
					client := new(row).connect(op, agentcopy.RetryAlways, nil, agentcopy.WithBaseURL(server.URL), agentcopy.WithHTTPClient(shared))
					_, _ = client.Do(t.Context())
				}
				assert.EqualValues(t, 1, connections.Load(), "connections of %d calls", len(operations))
				assert.Zero(t, closedByClient.Load(), "connections that were closed")
			})
		}
	}
}

// TestAnswersBeforeALongBodyIsSent: a server that answers or goes away while a long
// body is still being sent.
func TestAnswersBeforeALongBodyIsSent(t *testing.T) {
	name := strings.Repeat("n", 1<<20)
	var long []*operation
	for _, op := range copyOperations {
		if op.NoBody || op.Vendor.Name == "zudu" { // whose names have 50 characters at most
			continue
		}
		named := *op
		named.Do = func(ctx context.Context, client any) (*result, error) {
			made, err := op.Vendor.Copier(client).Copy(ctx, agentcopy.CopyRequest{SourceID: op.Vendor.SourceID, Name: name})
			return &result{ID: made.ID}, err
		}
		long = append(long, &named)
	}
	cases := newGather()
	for _, r := range slices.Concat(networkRows(), answerRows) {
		if !r.fault.answer.unread && r.fault.at != atRequestBody && r.name != "a good answer" {
			continue
		}
		// Only in HTTP/1.1: in HTTP/2 the client waits for a window, which the servers
		// of this package do not open.
		for _, c := range []carrier{{}, {tls: true}} {
			for _, op := range long {
				cases.run(fmt.Sprintf("%s, %v, %v", r.name, op, c), func() []string {
					return c.check(t.Context(), &r, op, agentcopy.RetrySafe, 0)
				})
			}
		}
	}
	assert.Empty(t, cases.wait())
}

// TestAChangeOfProtocolRetriesNoCopy: an origin that spoke HTTP/1.1 and, behind the same
// name, speaks HTTP/2 from now on. What the client learned of the one must not
// let net/http retry a copy over the other.
func TestAChangeOfProtocolRetriesNoCopy(t *testing.T) {
	var faults []string
	for _, op := range copyOperations {
		for _, code := range []uint32{1, 7} {
			for _, first := range []carrier{{tls: true}, {http2: true, tls: true}} {
				second := carrier{http2: !first.http2, tls: true}
				before := startServer(first, op, fault{made: true}, 0)
				broken := fault{at: atReceipt, breaks: rst, code: code, made: true}
				if !second.http2 {
					broken.breaks = closed
				}
				after := startServer(second, op, broken, 0)
				transport := before.transport()
				transport.Protocols.SetHTTP1(true)
				transport.Protocols.SetHTTP2(true)
				dial := transport.DialContext
				var moved atomic.Bool
				transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					if moved.Load() {
						addr = after.address
					}
					return dial(ctx, network, addr)
				}
				client := new(row).connect(op, agentcopy.RetrySafe, transport, agentcopy.WithBaseURL(before.url()))
				_, err := client.Do(t.Context())
				require.NoError(t, err)
				moved.Store(true)
				require.NoError(t, before.close(transport)) // with the old connection
				o := observe(t.Context(), op, agentcopy.RetrySafe, client)
				require.NoError(t, after.close(transport))
				o.copies, o.requests = int(after.copies.Load()), after.requests()
				for _, fault := range o.invariants() {
					faults = append(faults, fmt.Sprintf("%v, from %v to %v, code %d: %s: %v", op, first, second, code, fault, o.err))
				}
			}
		}
	}
	assert.Empty(t, faults)
}

// redirectRows are redirects. None is followed: another host would get the credentials.
// That nobody is even asked about it, throughTransport sees to.
func redirectRows() (rows []row) {
	for name, target := range map[string]string{
		"another host":              "http://" + nobody + "/api",
		"another host, no scheme":   "//" + nobody + "/api",
		"the same host":             "/elsewhere",
		"the same path":             "",
		"a URL that cannot be read": "http://[::1",
		"another scheme":            "file:///etc/passwd",
	} {
		for _, status := range []int{301, 302, 303, 307, 308} { // 302 and 303 may lead to the new agent
			rows = append(rows, row{
				name:  fmt.Sprintf("%d to %s", status, name),
				fault: fault{answer: answer{status: status, header: http.Header{"Location": {target}}}},
				want:  wanted(status, true), safeOnly: true,
			})
		}
	}
	return rows
}

// relay passes the bytes of connections on to a server. The first connection is
// broken once so many bytes have passed one way, and the later ones are not.
type relay struct {
	*listener
	server string
	limits [2]int64 // by direction; negative for none
	breaks breakage
	slow   bool // both ways, in pieces

	connections atomic.Int64
	passed      [2]atomic.Int64
}

// The directions of a relay.
const (
	toServer = iota
	toClient
)

// pass relays one connection until either side ends it or it is broken.
func (r *relay) pass(client *net.TCPConn) {
	limits := r.limits
	if r.connections.Add(1) > 1 {
		limits = [2]int64{-1, -1}
	}
	conn, err := net.Dial("tcp", r.server)
	if err != nil {
		return
	}
	server := conn.(*net.TCPConn)
	defer server.Close()
	var both sync.WaitGroup
	both.Go(func() { r.oneWay(server, client, toServer, limits[toServer]) })
	both.Go(func() { r.oneWay(client, server, toClient, limits[toClient]) })
	both.Wait()
}

func (r *relay) oneWay(to, from *net.TCPConn, direction int, limit int64) {
	var source io.Reader = from
	if r.slow {
		source = trickle{from}
	}
	if limit >= 0 {
		source = io.LimitReader(from, limit)
	}
	n, _ := io.Copy(to, source) // what failed, the other side sees
	r.passed[direction].Add(n)
	if n != limit {
		_ = to.CloseWrite()
		return
	}
	for _, conn := range []*net.TCPConn{from, to} {
		if r.breaks == reset {
			_ = conn.SetLinger(0)
		}
		_ = conn.Close()
	}
}

// trickle reads a few bytes at a time, and waits before each.
type trickle struct{ io.Reader }

func (t trickle) Read(p []byte) (int, error) {
	time.Sleep(time.Millisecond)
	return t.Reader.Read(p[:min(12, len(p))])
}

// throughRelay makes one copy through a relay, and returns how many bytes passed
// each way.
func throughRelay(ctx context.Context, c carrier, op *operation, limits [2]int64, breaks breakage, slow bool) (observed, [2]int64, error) {
	s := startServer(c, op, fault{made: true}, 0)
	r := &relay{server: s.address, limits: limits, breaks: breaks, slow: slow}
	r.listener = listen(r.pass)
	transport := s.transport()
	transport.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, r.address)
	}
	client := new(row).connect(op, agentcopy.RetrySafe, transport, agentcopy.WithBaseURL(s.url()+op.Vendor.BasePath))
	o := observe(ctx, op, agentcopy.RetrySafe, client)
	err := s.close(transport)
	r.end()
	o.copies = int(s.copies.Load())
	return o, [2]int64{r.passed[toServer].Load(), r.passed[toClient].Load()}, err
}

// TestBrokenAtEveryByte: a copy comes through a slow relay that cuts all into pieces. And
// wherever a connection breaks, of a request and of its
// answer, there is one copy at most, and none that the error denies. HTTP/2 in
// the clear, since a break within a record of TLS is one before it or after it.
func TestBrokenAtEveryByte(t *testing.T) {
	for _, c := range []carrier{{}, {http2: true}} {
		t.Run(c.String(), func(t *testing.T) {
			cases := newGather()
			for _, op := range copyOperations {
				whole, passed, err := throughRelay(t.Context(), c, op, [2]int64{-1, -1}, closed, true)
				require.NoError(t, err)
				require.NoError(t, whole.err)
				for direction, length := range passed {
					for n := range length + 1 {
						limits := [2]int64{-1, -1}
						limits[direction] = n
						breaks := []breakage{closed, reset}[n%2]
						name := fmt.Sprintf("%v, broken after %d of %d bytes to %s", op, n, length, []string{"the server", "the client"}[direction])
						cases.run(name, func() []string {
							o, _, err := throughRelay(t.Context(), c, op, limits, breaks, false)
							if err != nil {
								return []string{err.Error()}
							}
							return o.invariants()
						})
					}
				}
			}
			assert.Empty(t, cases.wait())
		})
	}
}
