package conformance

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
)

// carrier is a way over real sockets.
type carrier struct {
	http2, tls bool
}

func (c carrier) String() string {
	return map[bool]string{false: "HTTP/1.1", true: "HTTP/2"}[c.http2] + map[bool]string{true: " over TLS"}[c.tls]
}

var wires = []carrier{{http2: false}, {http2: false, tls: true}, {http2: true}, {http2: true, tls: true}}

// fits reports whether a row goes this way.
func (c carrier) fits(on carriers) bool {
	return (on&overHTTP1 != 0 && !c.http2 || on&overHTTP2 != 0 && c.http2) &&
		(on&withTLS == 0 || c.tls) && (on&inClear == 0 || !c.tls)
}

// server is a server on the loopback interface that does to requests what a
// fault says, byte by byte, and counts the copies it makes: one for each whole
// request that asks for one.
type server struct {
	*listener
	carrier carrier
	op      *operation
	fault   fault
	warm    int64 // so many requests are answered well first, and do not count

	arrived atomic.Int64 // requests whose headers were read
	copies  atomic.Int64
	cut     atomic.Int64 // connections that were broken before a request

	mu    sync.Mutex
	conns []net.Conn
}

func startServer(c carrier, op *operation, f fault, warm int) *server {
	s := &server{carrier: c, op: op, fault: f, warm: int64(warm)}
	s.listener = listen(func(conn *net.TCPConn) {
		_ = conn.SetReadBuffer(smallBuffer)
		s.mu.Lock()
		s.conns = append(s.conns, conn)
		s.mu.Unlock()
		s.serve(conn)
	})
	return s
}

func (s *server) url() string {
	return map[bool]string{false: "http://", true: "https://"}[s.carrier.tls] + s.address
}

// listener accepts connections on the loopback interface.
type listener struct {
	net.Listener
	address string
	running sync.WaitGroup
}

// listen serves each connection on a goroutine of its own.
func listen(serve func(*net.TCPConn)) *listener {
	accepting, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		panic(err) // no test goes on without
	}
	l := &listener{Listener: accepting, address: accepting.Addr().String()}
	l.running.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			l.running.Go(func() {
				defer conn.Close()
				serve(conn.(*net.TCPConn))
			})
		}
	})
	return l
}

// end stops accepting, and waits until all connections have ended.
func (l *listener) end() {
	_ = l.Close()
	l.running.Wait()
}

// transport is what a client of this server sends through.
func (s *server) transport() *http.Transport {
	_, trusted := identity()
	if s.fault.untrusted {
		trusted = x509.NewCertPool()
	}
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: trusted}, Protocols: new(http.Protocols)}
	t.Protocols.SetHTTP1(!s.carrier.http2)
	t.Protocols.SetHTTP2(s.carrier.http2 && s.carrier.tls)
	t.Protocols.SetUnencryptedHTTP2(s.carrier.http2 && !s.carrier.tls)
	t.DialContext = func(ctx context.Context, network, addr string) (net.Conn, error) {
		switch {
		case s.fault.at == atDial && s.fault.dial != nil:
			return nil, s.fault.dial
		case s.fault.at == atDial && s.fault.breaks == stalled:
			<-ctx.Done()
			return nil, ctx.Err()
		case s.fault.at == atDial:
			addr = nobody
		}
		conn, err := new(net.Dialer).DialContext(ctx, network, addr)
		if tcp, ok := conn.(*net.TCPConn); ok {
			_ = tcp.SetWriteBuffer(smallBuffer)
		}
		return conn, err
	}
	return t
}

// smallBuffer makes long bodies stay with the client while the server does not
// read them.
const smallBuffer = 32 << 10

// nobody is where nothing listens: the port is one that only a service of its
// own would take, and no test.
const nobody = "127.0.0.1:1"

func (s *server) serve(conn net.Conn) {
	f := s.meets(s.next())
	if f.at == atAccept || f.at == atHandshake && !f.untrusted {
		s.breakOff(conn, f)
		return
	}
	plain := conn
	if s.carrier.tls {
		certificates, _ := identity()
		protocol := map[bool]string{false: "http/1.1", true: "h2"}[s.carrier.http2]
		secured := tls.Server(conn, &tls.Config{Certificates: certificates, NextProtos: []string{protocol}})
		if secured.Handshake() != nil {
			return
		}
		conn = secured
	}
	if s.carrier.http2 {
		s.serveHTTP2(conn, plain)
	} else {
		s.serveHTTP1(conn, plain)
	}
}

// next is the number of the next request. A connection that is broken before it
// counts as one.
func (s *server) next() int64 { return s.arrived.Load() + s.cut.Load() }

// meets is what the request with the given number, from 0, meets.
func (s *server) meets(number int64) fault {
	if number < s.warm || s.fault.times > 0 && number >= s.warm+int64(s.fault.times) {
		return fault{made: true}
	}
	return s.fault
}

// received notes a request that was read to its end.
func (s *server) received(number int64, method, path string, f fault) {
	if number >= s.warm && f.made && vendortest.IsCopy(method, path) {
		s.copies.Add(1)
	}
}

// requests is how many came after those that warmed the connection up.
func (s *server) requests() int { return int(s.arrived.Load() - s.warm) }

// breakOff breaks the connection; plain is the one below TLS, if there is TLS.
func (s *server) breakOff(plain net.Conn, f fault) {
	if f.at <= atGreeting {
		s.cut.Add(1)
	}
	tcp := plain.(*net.TCPConn) // as net.Listen of "tcp" accepts
	switch f.breaks {
	case stalled:
		s.hold(plain)
	case reset:
		if f.at >= atHeader || f.at == atAccept { // let the client read what was sent: a reset takes it back
			time.Sleep(10 * time.Millisecond)
		}
		_ = tcp.SetLinger(0)
	default:
		// With something left to read, closing at once would be a reset.
		_ = tcp.CloseWrite()
		s.hold(plain)
	}
	_ = tcp.Close()
}

// hold keeps a connection open and says nothing until the client gives it up.
func (s *server) hold(plain net.Conn) { _, _ = io.Copy(io.Discard, plain) }

// close ends the server. It waits until all connections have ended that are not
// idle in the client's pool: what is open after a while was left behind.
func (s *server) close(t *http.Transport) error {
	ended := make(chan struct{})
	go func() {
		s.end()
		close(ended)
	}()
	for range 6000 {
		t.CloseIdleConnections() // a stream that was just cancelled keeps its connection busy for a moment
		select {
		case <-ended:
			return nil
		case <-time.After(10 * time.Millisecond):
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, conn := range s.conns {
		_ = conn.Close()
	}
	<-ended
	return fmt.Errorf("of %d connections, one is left open after the call", len(s.conns))
}

// check makes one case over the wire and returns the faults it found. On a busy
// machine an attempt may time out before it comes to the stage where it is to
// stall: everything takes longer then. What must hold in every case is checked each time.
func (c carrier) check(ctx context.Context, r *row, op *operation, mode agentcopy.RetryMode, warm int) []string {
	slower := *r
	for {
		o, err := c.run(ctx, &slower, op, mode, warm)
		var faults []string
		if o.result != nil || o.err != nil { // else there was no call
			faults = o.invariants()
		}
		if len(faults) > 0 {
			return append(faults, fmt.Sprint(o.err))
		}
		if err != nil {
			faults = append(faults, err.Error())
		} else {
			faults = r.check(o)
		}
		if spent := slower.timeout + slower.ends.after; len(faults) == 0 || spent == 0 || spent > 10*time.Second {
			return faults
		}
		slower.timeout *= 8
		slower.ends.after *= 8
		slower.fault.answer.pace *= 8
	}
}

// run makes one case over the wire: warm calls that go well, and then the one
// that meets the fault.
func (c carrier) run(ctx context.Context, r *row, op *operation, mode agentcopy.RetryMode, warm int) (observed, error) {
	s := startServer(c, op, r.fault, warm)
	transport := s.transport()
	client := r.connect(op, mode, transport, agentcopy.WithBaseURL(s.url()+op.Vendor.BasePath))
	var failed error
	for range warm {
		if _, err := client.Do(ctx); err != nil {
			failed = err
		}
	}
	early := r.fault.at == atAccept || r.fault.at == atGreeting // they may break the last answer
	if failed != nil && (!early || s.arrived.Load() < s.warm) {
		return observed{}, fmt.Errorf("warming up: %w; at the end: %v", failed, s.close(transport))
	}
	ctx, cancel := r.ends.context(ctx)
	defer cancel()
	o := observe(ctx, op, mode, client)
	err := s.close(transport)
	o.copies, o.requests = int(s.copies.Load()), s.requests()
	return o, err
}

// gather runs cases at once, some at a time, and returns their complaints.
type gather struct {
	places chan struct{}
	all    sync.WaitGroup
	mu     sync.Mutex
	faults []string
}

func newGather() *gather { return &gather{places: make(chan struct{}, 48)} }

func (g *gather) run(name string, f func() []string) {
	g.places <- struct{}{}
	g.all.Go(func() {
		defer func() { <-g.places }()
		if faults := f(); len(faults) > 0 {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.faults = append(g.faults, name+":\n  "+strings.Join(faults, "\n  "))
		}
	})
}

// wait returns the complaints, one text for all, "" if there are none.
func (g *gather) wait() string {
	g.all.Wait()
	if len(g.faults) > 40 {
		g.faults = append(g.faults[:40], fmt.Sprintf("and %d more", len(g.faults)-40))
	}
	return strings.Join(g.faults, "\n")
}

// identity is a certificate for the loopback interface, and the pool that trusts it.
var identity = sync.OnceValues(func() ([]tls.Certificate, *x509.CertPool) {
	s := httptest.NewTLSServer(nil)
	defer s.Close()
	pool := x509.NewCertPool()
	pool.AddCert(s.Certificate())
	return s.TLS.Certificates, pool
})
