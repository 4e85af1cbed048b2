package conformance

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

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
					r := row{}
					client, err := op.Connect(vendortest.Key(), append(r.options(agentcopy.RetryAlways),
						agentcopy.WithBaseURL(server.URL), agentcopy.WithHTTPClient(shared))...)
					require.NoError(t, err)
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
	// Only in HTTP/1.1: in HTTP/2 the client waits for a window, which the servers
	// of this package do not open.
	rows := []row{
		{name: "success before the body", fault: fault{made: true, answer: answer{unread: true}}, loose: true},
		{name: "too large before the body", fault: fault{answer: answer{status: 413, unread: true}}, loose: true},
		{name: "rate limit before the body", fault: fault{answer: answer{status: 429, unread: true}}, loose: true},
		{name: "failed before the body", fault: fault{made: true, answer: answer{status: 500, unread: true}}, loose: true},
		{name: "closed within the body", fault: fault{at: atRequestBody, made: true}, want: wants{safe: {1, Unknown}}},
		{name: "reset within the body", fault: fault{at: atRequestBody, breaks: reset, made: true}, want: wants{safe: {1, Unknown}}},
		{name: "stalls within the body", fault: fault{at: atRequestBody, breaks: stalled, made: true}, want: wants{safe: {1, Unknown}}, timeout: stallTimeout},
		{name: "read whole", fault: fault{made: true}, want: wants{safe: {1, Succeeds}}},
	}
	cases := newGather()
	for _, c := range []carrier{{}, {tls: true}} {
		for _, op := range long {
			for i := range rows {
				r := &rows[i]
				cases.run(fmt.Sprintf("%s, %v, %v", r.name, op, c), func() []string {
					return c.check(t.Context(), r, op, agentcopy.RetrySafe, 0)
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
				before, err := startServer(first, op, fault{made: true}, 0)
				require.NoError(t, err)
				broken := fault{at: atReceipt, breaks: rst, code: code, made: true}
				if !second.http2 {
					broken.breaks = closed
				}
				after, err := startServer(second, op, broken, 0)
				require.NoError(t, err)
				transport := before.transport()
				transport.Protocols.SetHTTP1(true)
				transport.Protocols.SetHTTP2(true)
				dial := transport.DialContext
				var moved atomic.Bool
				transport.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
					if moved.Load() {
						addr = after.listener.Addr().String()
					}
					return dial(ctx, network, addr)
				}
				r := row{}
				client, err := op.Connect(vendortest.Key(), append(r.options(agentcopy.RetrySafe),
					agentcopy.WithBaseURL(before.url()), throughTransport(transport))...)
				require.NoError(t, err)
				_, err = client.Do(t.Context())
				require.NoError(t, err)
				moved.Store(true)
				require.NoError(t, before.close(transport)) // with the old connection
				o := observed{op: op}
				o.result, o.err = client.Do(t.Context())
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
