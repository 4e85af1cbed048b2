package conformance

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

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
