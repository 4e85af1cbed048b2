package conformance

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	agentcopy "github.com/agentcopy/agentcopy-go"
	"github.com/agentcopy/agentcopy-go/agentcopytest"
	"github.com/agentcopy/agentcopy-go/internal/vendortest"
	"github.com/agentcopy/agentcopy-go/once"
)

// gateway is an intermediary as its users set it up. In its texts DIR, CONFIG, PORT,
// VENDOR (host:port) and VENDORPORT are filled in.
type gateway struct {
	binary, args string
	config       string
	http2        bool // without TLS
	// resends means that it sends a request again by itself, which no client can see or
	// prevent: SECURITY.md says so.
	resends bool
}

const (
	haproxyArgs = "-db -q -f CONFIG"
	nginxArgs   = "-e DIR/error.log -p DIR -c CONFIG"
)

var gateways = map[string]gateway{
	"haproxy": {binary: "haproxy", args: haproxyArgs, config: haproxyConfig},
	"haproxy, HTTP/2": {binary: "haproxy", args: haproxyArgs, http2: true,
		config: strings.Replace(haproxyConfig, ":PORT", ":PORT proto h2", 1)},
	"haproxy, retry-on all-retryable-errors": {binary: "haproxy", args: haproxyArgs, resends: true,
		config: strings.Replace(haproxyConfig, "retries 3", "retries 3\n\tretry-on all-retryable-errors", 1)},
	"nginx": {binary: "nginx", args: nginxArgs, config: nginxConfig},
	"nginx, non_idempotent": {binary: "nginx", args: nginxArgs, resends: true, config: strings.Replace(nginxConfig, "proxy_read_timeout",
		"proxy_next_upstream error timeout invalid_header http_500 http_503 non_idempotent; proxy_read_timeout", 1)},
	"squid, reply_body_max_size": {binary: "squid", args: "-N -f CONFIG", config: `
http_port 127.0.0.1:PORT accel defaultsite=vendor no-vhost
cache_peer 127.0.0.1 parent VENDORPORT 0 no-query originserver name=vendor
http_access allow all
reply_body_max_size 64 KB
cache deny all
access_log none
cache_log /dev/null
cache_store_log none
pid_filename none
coredump_dir DIR
read_timeout 3 seconds
shutdown_lifetime 0 seconds
`},
	// Varnish as it comes, with its default VCL. It answers nearly all lost answers with 503 and Retry-After.
	"varnish": {
		binary: "varnishd",
		args: "-F -j none -n DIR/work -a 127.0.0.1:PORT -f CONFIG -s malloc,16m -T none -p first_byte_timeout=3 " +
			"-p between_bytes_timeout=3 -p thread_pools=1 -p thread_pool_min=50 -p vsl_space=2M",
		config: `vcl 4.0; backend default { .host = "127.0.0.1"; .port = "VENDORPORT"; }`,
	},
}

const haproxyConfig = `
global
	maxconn 200
defaults
	mode http
	retries 3
	timeout connect 5s
	timeout client 10s
	timeout server 3s
frontend in
	bind 127.0.0.1:PORT
	default_backend vendor
backend vendor
	server one VENDOR
`

// nginxConfig limits the requests below /limited to gatewayRate a second, and as many at
// once.
var nginxConfig = fmt.Sprintf(`
daemon off; master_process off; pid DIR/nginx.pid; error_log DIR/error.log crit;
events { worker_connections 256; }
http {
	access_log off;
	client_body_temp_path DIR/body; proxy_temp_path DIR/proxy;
	fastcgi_temp_path DIR/fastcgi; uwsgi_temp_path DIR/uwsgi; scgi_temp_path DIR/scgi;
	upstream vendor { server VENDOR max_fails=0; server VENDOR max_fails=0; }
	limit_req_zone $http_authorization zone=key:1m rate=%dr/s;
	limit_req_status 429;
	server {
		listen 127.0.0.1:PORT;
		location / { proxy_pass http://vendor; proxy_read_timeout 3s; }
		location /limited/ { limit_req zone=key burst=%d nodelay; proxy_pass http://vendor/; }
	}
}
`, gatewayRate, gatewayRate-1)

const gatewayRate = 40

// start starts a gateway before the server at a URL and returns its own URL. Where it is not
// installed, it leaves the test out.
func (g gateway) start(t *testing.T, vendorURL string) string {
	path := program(t, g.binary)
	dir, port := t.TempDir(), freePort(t)
	require.NoError(t, os.Chmod(dir, 0o777)) // some change to a user of their own
	vendor := strings.TrimPrefix(vendorURL, "http://")
	_, vendorPort, err := net.SplitHostPort(vendor)
	require.NoError(t, err)
	config := filepath.Join(dir, "config")
	fill := strings.NewReplacer("DIR", dir, "CONFIG", config, "VENDORPORT", vendorPort, "VENDOR", vendor, "PORT", fmt.Sprint(port))
	require.NoError(t, os.WriteFile(config, []byte(fill.Replace(g.config)), 0o644))
	return startProgram(t, exec.CommandContext(t.Context(), path, strings.Fields(fill.Replace(g.args))...), port)
}

func freePort(t *testing.T) int {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// program returns the path of a server that is installed, else it leaves the test
// out, and the end of the suite says so.
func program(t *testing.T, name string) string {
	t.Helper()
	for _, path := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(path); err == nil {
			return path
		}
	}
	leftOut.Store(t.Name()+": "+name+" is not installed", true)
	t.Skipf("%s is not installed", name)
	return ""
}

// eventually waits until happened reports true, for a minute at most.
func eventually(happened func() bool) {
	for range 6000 {
		if happened() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
}

// startProgram starts a server, waits until it listens, and returns its base URL.
func startProgram(t *testing.T, command *exec.Cmd, port int) string {
	var output strings.Builder
	command.Stdout, command.Stderr = &output, &output
	command.Cancel = func() error { return command.Process.Signal(os.Interrupt) }
	command.WaitDelay = 10 * time.Second
	require.NoError(t, command.Start())
	ended := make(chan struct{})
	go func() { _ = command.Wait(); close(ended) }()
	t.Cleanup(func() { <-ended })
	address := fmt.Sprintf("127.0.0.1:%d", port)
	eventually(func() bool {
		select {
		case <-ended:
			require.FailNow(t, command.Path+" ended", output.String())
		default:
		}
		conn, err := net.Dial("tcp", address)
		if err == nil {
			_ = conn.Close()
		}
		return err == nil
	})
	return "http://" + address
}

// lostAnswers are what a vendor behind a gateway does after it made a copy.
var lostAnswers = []struct {
	name string
	text string             // with the body of the good answer, its length or its half in it
	then func(*net.TCPConn) // before the end of the connection
	// What the call comes to. Where a gateway has no answer that it can pass on, it
	// says 502, 503 or 504 of itself, which proves nothing.
	succeeds bool
	streams  bool // the gateway may have passed on the headers of a 200: then the copy is known to have been made
	warm     bool // the connection to the vendor served another request before
}{
	{name: "whole, and kept alive", succeeds: true, warm: true}, // by net/http
	{name: "whole", text: begin + "Content-Length: LENGTH\r\n\r\nBODY", succeeds: true},
	{name: "end of the connection"},
	{name: "reset", then: resetting},
	{name: "half a status line", text: "HTTP/1.1 2"},
	{name: "half the headers", text: begin + "Content-Len"},
	{name: "garbage", text: "\x00\x01\x02\xff garbage\r\n\r\n"},
	{name: "another protocol", text: "SSH-2.0-OpenSSH_9.2\r\n\r\n"},
	{name: "huge header", text: begin + "X-Huge: " + strings.Repeat("x", 100_000) + "\r\nContent-Length: LENGTH\r\n\r\nBODY"},
	{name: "many headers", text: begin + strings.Repeat("X-More: x\r\n", 500) + "Content-Length: LENGTH\r\n\r\nBODY"},
	{name: "header without a colon", text: begin + "no colon\r\nContent-Length: LENGTH\r\n\r\nBODY"},
	{name: "no first byte in time", then: silence},
	{name: "no further byte of the headers in time", text: begin, then: silence},
	{name: "length that is not a number", text: begin + "Content-Length: some\r\n\r\nBODY"},
	{name: "two lengths", text: begin + "Content-Length: 1\r\nContent-Length: 2\r\n\r\nBODY"},
	{name: "chunk without a size", text: begin + "Transfer-Encoding: chunked\r\n\r\nno size\r\nBODY", streams: true},
	{name: "half the body", text: begin + "Content-Length: 50000\r\n\r\nHALF", streams: true},
	{name: "half the chunks", text: begin + "Transfer-Encoding: chunked\r\n\r\n14\r\nHALF\r\n", streams: true},
	{name: "no further byte of the body in time", text: begin + "Content-Length: 50000\r\n\r\nHALF", then: silence, streams: true},
	{name: "packed badly", text: begin + "Content-Encoding: gzip\r\nContent-Length: LENGTH\r\n\r\nBODY"},
	{name: "500", text: "HTTP/1.1 500 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
	{name: "503", text: "HTTP/1.1 503 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
	{name: "408", text: "HTTP/1.1 408 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"},
	{name: "too large", text: begin + "Content-Length: 200000\r\n\r\nBODY" + strings.Repeat(" ", 200_000), streams: true},
	{name: "end of the connection after a while", then: func(*net.TCPConn) { time.Sleep(1500 * time.Millisecond) }},
	{name: "end of a connection that was kept alive", warm: true},
	{name: "reset of a connection that was kept alive", then: resetting, warm: true},
}

// begin begins an answer whose connection is not used again.
const begin = "HTTP/1.1 200 OK\r\nConnection: close\r\n"

// silence says nothing until the other side gives the connection up.
func silence(conn *net.TCPConn) { _, _ = io.Copy(io.Discard, conn) }

func resetting(conn *net.TCPConn) { _ = conn.SetLinger(0) }

// gatewayVendor is the vendor behind a gateway. The first segment of a path says how
// it answers, for which operation.
type gatewayVendor struct {
	mu     sync.Mutex
	copies map[string][]string // by the first segment: the ID that Varnish gave the request
}

func (v *gatewayVendor) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if _, err := io.Copy(io.Discard, req.Body); err != nil {
		return
	}
	segment, _, _ := strings.Cut(req.URL.Path[1:], "/")
	var way int
	var op string
	if _, err := fmt.Sscanf(segment, "%d-%s", &way, &op); err != nil {
		return
	}
	if vendortest.IsCopy(req.Method, req.URL.Path) {
		v.mu.Lock()
		v.copies[segment] = append(v.copies[segment], req.Header.Get("X-Varnish"))
		v.mu.Unlock()
	}
	body := operationNamed(op).Answers.Good
	if way == 0 {
		_, _ = io.WriteString(w, body)
		return
	}
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	filled := strings.NewReplacer("BODY", body, "LENGTH", fmt.Sprint(len(body)), "HALF", body[:20])
	_, _ = filled.WriteString(conn, lostAnswers[way].text) // what fails, the gateway sees
	if then := lostAnswers[way].then; then != nil {
		then(conn.(*net.TCPConn))
	}
}

// TestAnswersLostBehindGateways: a copy was made, and its answer was lost, changed or
// refused by the gateway. No call says that nothing was made, the SDK sends none again, and
// one that reports success has its copy.
func TestAnswersLostBehindGateways(t *testing.T) {
	for name, g := range gateways {
		t.Run(name, func(t *testing.T) {
			t.Parallel() // most of the time is spent in the gateways' own timeouts
			vendor := &gatewayVendor{copies: map[string][]string{}}
			server := httptest.NewServer(vendor)
			t.Cleanup(server.Close) // when the gateway has ended, and its connections with it
			base := g.start(t, server.URL)
			for _, warm := range []bool{false, true} {
				cases := newGather()
				for way := range lostAnswers {
					if lostAnswers[way].warm != warm {
						continue
					}
					for _, op := range copyOperations {
						cases.run(fmt.Sprintf("%s, %v", lostAnswers[way].name, op), func() []string {
							return vendor.copyThrough(t, g, base, way, op)
						})
					}
				}
				assert.Empty(t, cases.wait())
			}
		})
	}
}

// copyThrough makes one copy through a gateway.
func (v *gatewayVendor) copyThrough(t *testing.T, g gateway, base string, way int, op *operation) []string {
	want := &lostAnswers[way]
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetHTTP1(!g.http2)
	transport.Protocols.SetUnencryptedHTTP2(g.http2)
	defer transport.CloseIdleConnections()
	call := func(way int) observed {
		url := fmt.Sprintf("%s/%d-%v", base, way, op) + op.Vendor.BasePath
		client := new(row).connect(op, agentcopy.RetrySafe, transport, agentcopy.WithBaseURL(url))
		return observe(context.WithoutCancel(t.Context()), op, agentcopy.RetrySafe, client)
	}
	if want.warm && !want.succeeds {
		if o := call(0); o.err != nil {
			return []string{fmt.Sprintf("warming up: %v", o.err)}
		}
	}
	o := call(way)
	var made []string
	eventually(func() bool { // a gateway may give up before its vendor has the request
		v.mu.Lock()
		defer v.mu.Unlock()
		made = v.copies[fmt.Sprintf("%d-%v", way, op)]
		return len(made) > 0
	})
	t.Logf("%s, %s: %d copies, %v", want.name, op.Vendor.Name, len(made), o.err)
	o.copies = len(made)
	switch {
	case want.succeeds && want.warm: // calls that warm a connection up meet it as well
		o.copies = min(o.copies, 1)
	case o.copies > 1 && (g.resends || want.warm && op.NoBody && made[0] != "" && made[0] == made[1]):
		// One request to the gateway became several of its own. Varnish retries one that has
		// no body, of whatever method, where a connection that it kept alive ends before the
		// answer. No client can prevent that, and the outcome is unknown.
		tally.byGateways.Add(int64(o.copies - 1))
		o.copies = 1
	}
	faults := o.invariants()
	varnish := g.binary == "varnishd" // whose answers are known; of the others, what holds of every case
	e, failed := o.failure()
	switch {
	case want.succeeds && o.err != nil, varnish && !want.succeeds && o.err == nil:
		faults = append(faults, fmt.Sprintf("got error %v, want success %t", o.err, want.succeeds))
	case varnish && failed && e.Outcome != Unknown && !(want.streams && e.Outcome == Copied):
		faults = append(faults, fmt.Sprintf("got %v, want outcome unknown", o.err))
	case failed && len(e.Attempts) != 1:
		faults = append(faults, fmt.Sprintf("got %v, want one attempt", o.err))
	}
	if o.copies != 1 {
		faults = append(faults, fmt.Sprintf("the vendor made %d copies, want one", o.copies))
	}
	return faults
}

// TestPacingKeepsInsideNginxsLimit: many goroutines of four clients that share a key copy
// through a gateway that counts for itself. Paced by a WindowLimiter none is
// refused; unpaced, many are, and yet each copy is made once.
func TestPacingKeepsInsideNginxsLimit(t *testing.T) {
	const copies = 90
	op := operationNamed("kolena.CopyAgent")
	// nginx counts in milliseconds, by the clock of its event loop.
	window := agentcopy.NewWindowLimiter(gatewayRate, time.Second+50*time.Millisecond)
	for name, tc := range map[string]struct {
		limiter agentcopy.Limiter
		refuses bool
	}{
		"paced":   {window, false},
		"unpaced": {agentcopy.Unlimited, true},
	} {
		t.Run(name, func(t *testing.T) {
			srv := op.Vendor.NewFake(agentcopytest.WithRateLimit(1e6, time.Minute))
			srv.Add(op.Vendor.SourceID, "The source")
			t.Cleanup(srv.Close)
			gateway := gateways["nginx"].start(t, srv.URL()) + "/limited"
			transport := &http.Transport{MaxIdleConnsPerHost: 64}
			defer transport.CloseIdleConnections()
			key := vendortest.Key()
			var clients []*vendortest.Caller
			for range 4 {
				client, err := op.Connect(key, agentcopy.WithBaseURL(gateway), throughTransport(transport), agentcopy.WithLimiter(tc.limiter),
					agentcopy.WithRetry(agentcopy.RetryPolicy{MaxAttempts: 50, MinBackoff: 10 * time.Millisecond, MaxBackoff: 200 * time.Millisecond}))
				require.NoError(t, err)
				clients = append(clients, client)
			}
			var running sync.WaitGroup
			var refused atomic.Int64
			for i := range copies {
				running.Go(func() {
					made, err := clients[i%4].Do(t.Context())
					if assert.NoError(t, err, "copy %d", i) {
						refused.Add(int64(len(made.Response.Attempts) - 1))
					}
				})
			}
			running.Wait()
			tally.made(copies, len(srv.Copies()))
			assert.Len(t, srv.Copies(), copies)
			assert.Equal(t, tc.refuses, refused.Load() > 0, "the gateway refused %d requests", refused.Load())
		})
	}
}

// TestAFindThroughVarnishPermitsNoSend: Varnish as it comes keeps the answer of a GET that carries
// X-Api-Key for two minutes, and ignores that FindCopies asks it not to. So the list
// from before the copy is what every find sees, long after SettleTime: none of them
// counts, and nothing is sent again.
func TestAFindThroughVarnishPermitsNoSend(t *testing.T) {
	for _, op := range copyOperations {
		if op.Vendor.Header("key").Get("Authorization") != "" { // Varnish does not cache what it gets with that
			continue
		}
		t.Run(op.Vendor.Name, func(t *testing.T) {
			t.Parallel()
			srv := op.Vendor.NewFake()
			t.Cleanup(srv.Close)
			srv.Add(op.Vendor.SourceID, "The source")
			base := gateways["varnish"].start(t, srv.URL()) + op.Vendor.BasePath
			transport := &http.Transport{}
			defer transport.CloseIdleConnections()
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			var copied, finds atomic.Int64
			afterThreeFinds := vendortest.RoundTripper(func(req *http.Request) (*http.Response, error) {
				resp, err := transport.RoundTrip(req)
				switch {
				case vendortest.IsCopy(req.Method, req.URL.Path):
					copied.Store(1)
				case copied.Load() > 0 && req.Method == http.MethodGet && finds.Add(1) == 3:
					time.AfterFunc(time.Second, cancel) // between two finds, which are 2 s apart
				}
				return resp, err
			})
			r := row{}
			copier, err := op.Vendor.NewCopier(append(r.options(agentcopy.RetrySafe), agentcopy.WithBaseURL(base), throughTransport(afterThreeFinds))...)
			require.NoError(t, err)
			req := agentcopy.CopyRequest{SourceID: op.Vendor.SourceID, Name: "The copy"}
			if _, err := copier.FindCopies(t.Context(), req, time.Now()); err != nil { // Varnish keeps the list
				t.Fatal(err)
			}
			time.Sleep(2 * time.Second)
			srv.Inject(agentcopytest.Fault{AfterCopy: true, Status: 502})
			runner := &once.Runner{Ledger: once.NewMemoryLedger(), SettleTime: time.Second}
			_, err = runner.Copy(ctx, "key", copier, req)
			copies := len(srv.Copies())
			tally.made(1, copies)
			assert.Equal(t, 1, copies)
			assert.ErrorIs(t, err, agentcopy.ErrOutcomeUnknown)
			assert.ErrorIs(t, err, agentcopy.ErrLookIncomplete, "a cache answered")
		})
	}
}
