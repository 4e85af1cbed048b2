package conformance

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
)

// relay passes the bytes of connections on to a server. The first connection is
// broken once so many bytes have passed one way, and the later ones are not.
type relay struct {
	*listener
	server string
	limits [2]int64 // by direction; negative for none
	breaks breakage

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

// throughRelay makes one copy through a relay, and returns how many bytes passed
// each way.
func throughRelay(ctx context.Context, c carrier, op *operation, limits [2]int64, breaks breakage) (observed, [2]int64, error) {
	s := startServer(c, op, fault{made: true}, 0)
	r := &relay{server: s.address, limits: limits, breaks: breaks}
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

// TestBrokenAtEveryByte: wherever a connection breaks, of a request and of its
// answer, there is one copy at most, and none that the error denies. HTTP/2 in
// the clear, since a break within a record of TLS is one before it or after it.
func TestBrokenAtEveryByte(t *testing.T) {
	for _, c := range []carrier{{}, {http2: true}} {
		t.Run(c.String(), func(t *testing.T) {
			cases := newGather()
			for _, op := range copyOperations {
				whole, passed, err := throughRelay(t.Context(), c, op, [2]int64{-1, -1}, closed)
				require.NoError(t, err)
				require.NoError(t, whole.err)
				for direction, length := range passed {
					for n := range length + 1 {
						limits := [2]int64{-1, -1}
						limits[direction] = n
						breaks := []breakage{closed, reset}[n%2]
						name := fmt.Sprintf("%v, broken after %d of %d bytes to %s", op, n, length, []string{"the server", "the client"}[direction])
						cases.run(name, func() []string {
							o, _, err := throughRelay(t.Context(), c, op, limits, breaks)
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

// toxics are networks as toxiproxy makes them, between the client and the fake
// of a vendor on a socket. Times are in milliseconds.
var toxics = []struct {
	name     string
	toxic    string // its JSON
	succeeds bool   // a copy does, at the first attempt
	never    bool   // the request never arrives whole: no copy is made
}{
	{name: "latency to the client", toxic: `{"type":"latency","stream":"downstream","attributes":{"latency":30,"jitter":20}}`, succeeds: true},
	{name: "latency to the server", toxic: `{"type":"latency","stream":"upstream","attributes":{"latency":30,"jitter":20}}`, succeeds: true},
	{name: "slow close", toxic: `{"type":"slow_close","stream":"downstream","attributes":{"delay":50}}`, succeeds: true},
	{name: "sliced to the client", toxic: `{"type":"slicer","stream":"downstream","attributes":{"average_size":12,"size_variation":8,"delay":100}}`, succeeds: true},
	{name: "sliced to the server", toxic: `{"type":"slicer","stream":"upstream","attributes":{"average_size":12,"size_variation":8,"delay":100}}`, succeeds: true},
	{name: "narrow", toxic: `{"type":"bandwidth","stream":"downstream","attributes":{"rate":64}}`, succeeds: true},

	{name: "latency beyond the timeout", toxic: `{"type":"latency","stream":"downstream","attributes":{"latency":3000}}`},
	{name: "black hole for the answer", toxic: `{"type":"timeout","stream":"downstream","attributes":{"timeout":0}}`},
	{name: "black hole for the request", toxic: `{"type":"timeout","stream":"upstream","attributes":{"timeout":0}}`, never: true},
	{name: "black hole that closes", toxic: `{"type":"timeout","stream":"downstream","attributes":{"timeout":50}}`},
	{name: "reset at once", toxic: `{"type":"reset_peer","stream":"downstream","attributes":{"timeout":0}}`},
	{name: "reset after a while", toxic: `{"type":"reset_peer","stream":"downstream","attributes":{"timeout":30}}`},
	{name: "reset of the request", toxic: `{"type":"reset_peer","stream":"upstream","attributes":{"timeout":0}}`, never: true},
	{name: "answer cut in its headers", toxic: `{"type":"limit_data","stream":"downstream","attributes":{"bytes":20}}`},
	{name: "answer cut in its body", toxic: `{"type":"limit_data","stream":"downstream","attributes":{"bytes":200}}`},
	{name: "request cut in its headers", toxic: `{"type":"limit_data","stream":"upstream","attributes":{"bytes":60}}`, never: true},
	{name: "nothing at all", toxic: `{"type":"limit_data","stream":"upstream","attributes":{"bytes":0}}`, never: true},
}

func TestBadNetworks(t *testing.T) {
	cases := newGather()
	for _, toxic := range toxics {
		for _, op := range copyOperations {
			for _, mode := range modes[:2] {
				cases.run(fmt.Sprintf("%s, %v, %v", toxic.name, op, mode), func() []string {
					timeout := 2 * time.Second
					if toxic.succeeds {
						timeout = time.Minute // for a busy machine
					}
					o, err := throughToxic(t, toxic.toxic, timeout, op, mode)
					if err != nil {
						return []string{err.Error()}
					}
					faults := o.invariants()
					switch {
					case toxic.succeeds && o.err != nil, !toxic.succeeds && o.err == nil:
						faults = append(faults, fmt.Sprintf("got error %v, want success %v", o.err, toxic.succeeds))
					case toxic.never && o.copies > 0:
						faults = append(faults, "a copy was made of a request that cannot have arrived")
					}
					return faults
				})
			}
		}
	}
	assert.Empty(t, cases.wait())
}

// throughToxic makes one copy of a fake's agent through a proxy with a toxic.
func throughToxic(t *testing.T, toxic string, timeout time.Duration, op *operation, mode agentcopy.RetryMode) (observed, error) {
	srv := newFake(t, op.Vendor)
	proxies := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	proxy := toxiproxy.NewProxy(proxies, "proxy", "127.0.0.1:0", strings.TrimPrefix(srv.URL(), "http://"))
	if err := proxy.Start(); err != nil {
		return observed{}, err
	}
	defer proxy.Stop()
	if _, err := proxy.Toxics.AddToxicJson(strings.NewReader(toxic)); err != nil {
		return observed{}, err
	}
	transport := &http.Transport{}
	defer transport.CloseIdleConnections()
	r := row{timeout: timeout}
	client := r.connect(op, mode, transport, agentcopy.WithBaseURL("http://"+proxy.Listen))
	o := observe(t.Context(), op, mode, client)
	transport.CloseIdleConnections()
	proxy.Stop()
	srv.Close() // from here on it makes no copy any more
	o.copies = len(srv.Copies())
	return o, nil
}
